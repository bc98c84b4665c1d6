import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The person's editor on a file: $VISUAL, else $EDITOR, else `vi`.
enum Editor {
    static func command(_ environment: [String: String]) -> String {
        for name in ["VISUAL", "EDITOR"] {
            if let command = environment[name], command.contains(where: { !$0.isWhitespace }) { return command }
        }
        return "vi"
    }

    /// Returns when the editor has ended well.
    ///
    /// The editor keeps our terminal and process group; Foundation's Process would take both from it.
    static func edit(_ path: String, environment: [String: String]) throws(CommandFailure) {
        let command = command(environment)
        // A shell reads the command, since `EDITOR="code --wait"` is usual; the path is handed over as a parameter.
        let words = ["sh", "-c", "\(command) \"$1\"", "sh", path]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
        variables.append(nil)
        defer { for pointer in arguments + variables { free(pointer) } }

        // The keyboard's interrupt is the editor's meanwhile; it must not end us with the text half written.
        let oldInterrupt = signal(SIGINT, SIG_IGN)
        let oldQuit = signal(SIGQUIT, SIG_IGN)
        defer {
            signal(SIGINT, oldInterrupt)
            signal(SIGQUIT, oldQuit)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGINT, SIGQUIT, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        var process = pid_t()
        let code = posix_spawn(&process, "/bin/sh", nil, &attributes, arguments, variables)
        guard code == 0 else {
            throw CommandFailure(
                .configuration, "EDITOR", "the editor cannot be started: \(String(cString: strerror(code)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { break }
        }
        guard status == 0 else {
            throw CommandFailure(
                .configuration, "EDITOR", "the editor \"\(command)\" ended with an error; nothing was sent",
                hint: "set EDITOR to the editor you want, or give the lesson as a file")
        }
    }
}
