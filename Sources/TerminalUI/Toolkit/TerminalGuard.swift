#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What signal handlers need to put a terminal back. A process has one terminal, hence the globals: they are set before the
/// handlers are installed, and the handlers call only what POSIX lists as safe there (`write`, `tcsetattr`, `sigaction`,
/// `raise`).
enum TerminalGuard {
    /// Alternate screen, application-free keys, bracketed paste.
    static let enter = "\u{1B}[?1049h\u{1B}[?2004h\u{1B}[?25l\u{1B}[2J"
    static let mouseOn = "\u{1B}[?1000h\u{1B}[?1006h"
    static let mouseOff = "\u{1B}[?1006l\u{1B}[?1000l"
    private static let leave = mouseOff + "\u{1B}[?2004l\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"

    private static let noted: [Int32] = [SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT]
    private static let fatal: [Int32] = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGQUIT]

    // nonisolated(unsafe): written by the thread that owns the terminal while no handler is installed, else only read.
    private nonisolated(unsafe) static var input: Int32 = -1
    private nonisolated(unsafe) static var output: Int32 = -1
    private nonisolated(unsafe) static var wake: Int32 = -1
    /// On the heap: Swift 6.3 gives a global of this type 57 bytes, of which tcgetattr writes 60.
    private nonisolated(unsafe) static let saved: UnsafeMutablePointer<termios> = {
        let memory = UnsafeMutablePointer<termios>.allocate(capacity: 1)
        memory.initialize(to: termios())
        return memory
    }()
    /// Not a string: a handler must not allocate.
    private nonisolated(unsafe) static var leaveBytes: UnsafeMutableBufferPointer<UInt8> = .allocate(capacity: 0)
    private nonisolated(unsafe) static var isRaw = false
    private nonisolated(unsafe) static var isRegistered = false

    static func begin(input: Int32, output: Int32, wake: Int32) throws(TerminalError) {
        guard tcgetattr(input, saved) == 0 else { throw TerminalError(description: "no terminal: \(errno)") }
        self.input = input
        self.output = output
        self.wake = wake
        if leaveBytes.isEmpty {
            let bytes = Array(leave.utf8)
            leaveBytes = .allocate(capacity: bytes.count)
            _ = leaveBytes.initialize(from: bytes)
        }
        if !isRegistered {
            isRegistered = true
            atexit { TerminalGuard.restore() }
        }
        // A thread that was made by one of a dispatch queue begins with its signals blocked: `raise` would wait for ever.
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        for number in noted { sigaddset(&unblocked, number) }
        pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
        for number in noted { install(number, TerminalGuard.note) }
        for number in fatal { install(number, TerminalGuard.die) }
    }

    static func end() {
        for number in noted + fatal { install(number, nil) }
        wake = -1
    }

    static func makeRaw() {
        var raw = saved.pointee
        cfmakeraw(&raw)
        // Output keeps its line feeds for whatever is printed by mistake.
        raw.c_oflag |= tcflag_t(OPOST)
        tcsetattr(input, TCSADRAIN, &raw)
        isRaw = true
    }

    static func restore() {
        guard isRaw else { return }
        isRaw = false
        _ = write(output, leaveBytes.baseAddress, leaveBytes.count)
        tcsetattr(input, TCSADRAIN, saved)
    }

    static func stopSelf() {
        install(SIGTSTP, nil)
        raise(SIGTSTP)
        install(SIGTSTP, note)
    }

    private static func install(_ number: Int32, _ handler: (@convention(c) (Int32) -> Void)?) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigemptyset(&action.sa_mask)
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }

    private static let note: @convention(c) (Int32) -> Void = { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(TerminalGuard.wake, &byte, 1)
        errno = before
    }

    private static let die: @convention(c) (Int32) -> Void = { number in
        if TerminalGuard.isRaw {
            TerminalGuard.isRaw = false
            _ = write(TerminalGuard.output, TerminalGuard.leaveBytes.baseAddress, TerminalGuard.leaveBytes.count)
            tcsetattr(TerminalGuard.input, TCSANOW, TerminalGuard.saved)
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = nil
        sigaction(number, &action, nil)
        raise(number)
    }
}
