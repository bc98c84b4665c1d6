/// How the command ends, by the numbers of sysexits.h where one fits; 0 is success.
enum Sysexit: Int32, Sendable {
    /// The command line is wrong.
    case usage = 64
    /// The lesson, the reply or the record given is not acceptable.
    case badData = 65
    /// A file, a post or a thread that was named does not exist.
    case missingInput = 66
    /// The relay cannot be reached, or cannot serve now.
    case unreachable = 69
    /// Our own fault.
    case internalFault = 70
    /// A file cannot be written.
    case cannotWrite = 73
    /// The post is kept and will be sent later.
    case queued = 75
    /// Not allowed, not invited, or revoked.
    case denied = 77
    /// No identity yet, or a damaged profile.
    case configuration = 78
    /// Ended by SIGINT.
    case interrupted = 130
    /// Ended by SIGTERM.
    case terminated = 143
}
