import Foundation
import RelayClient

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Where a command has a passphrase from: a file, or a person at the terminal. Never an argument, and never the environment.
struct PassphraseSource: Sendable {
    static let maxBytes = 1_024
    private static let attempts = 3

    let file: String?
    /// A person is there and may be asked.
    let mayAsk: Bool

    /// The passphrase of the profile's key, for `Profile.loadIdentity`.
    func keyPassphrase(of profile: String) -> (_ isAgain: Bool) throws(ClientError) -> [UInt8]? {
        var asked = 0
        return { (isAgain) throws(ClientError) in
            if let file {
                guard !isAgain else { throw .identity("the passphrase in \(Self.shown(file)) does not open the key") }
                do throws(CommandFailure) { return try Self.read(file) } catch { throw .identity(error.message) }
            }
            guard mayAsk else {
                throw .identity(
                    "the key of the profile \(profile) is protected by a passphrase and nobody can be asked for it here; "
                        + "hand it over with --passphrase-file FILE")
            }
            asked += 1
            guard asked <= Self.attempts else { throw .identity("the passphrase was wrong three times") }
            let again = isAgain ? "That does not open it. " : ""
            do {
                return try Terminal.askHidden("\(again)Passphrase of the key (profile \(profile)): ")
            } catch is CancellationError {
                throw .cancelled
            } catch {
                throw .identity("\(error)")
            }
        }
    }

    /// A new passphrase, asked for twice.
    /// - Parameter minBytes: a shorter one is refused.
    func new(_ what: String, minBytes: Int) throws -> [UInt8] {
        func check(_ passphrase: [UInt8]) throws(CommandFailure) {
            guard passphrase.count >= minBytes else {
                throw CommandFailure(
                    .usage, "WEAK_PASSPHRASE", "the passphrase is shorter than \(minBytes) bytes; choose a longer one")
            }
        }
        if let file {
            let passphrase = try Self.read(file)
            try check(passphrase)
            return passphrase
        }
        guard mayAsk else {
            throw CommandFailure(
                .usage, "NO_PASSPHRASE", "nobody can be asked for \(what) here",
                hint: "hand it over in a file, see --help")
        }
        let first = try Terminal.askHidden("New \(what): ")
        try check(first)
        guard try Terminal.askHidden("Once more: ") == first else {
            throw CommandFailure(.usage, "PASSPHRASES_DIFFER", "the two passphrases differ; nothing was changed")
        }
        return first
    }

    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        let bytes = try InputText.bytes(path, maxBytes: maxBytes)
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty else {
            throw CommandFailure(.missingInput, "NO_PASSPHRASE", "the first line of \(shown(path)) is empty")
        }
        return Array(line)
    }

    private static func shown(_ path: String) -> String { path == "-" ? "standard input" : path }
}

/// The person's terminal, whatever the standard streams lead to.
enum Terminal {
    /// Asks on /dev/tty without showing what is typed, and leaves the terminal as it was, also when it is interrupted.
    /// - Throws: `CancellationError` at Ctrl-C and Ctrl-D.
    static func askHidden(_ prompt: String) throws -> [UInt8] {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw CommandFailure(.usage, "NO_TERMINAL", "there is no terminal to ask on")
        }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else {
            throw CommandFailure(.usage, "NO_TERMINAL", "there is no terminal to ask on")
        }
        var hidden = before
        // Signals from keys come as bytes, so that none can end the process while nothing is shown.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        // Those from elsewhere wait until the terminal is as it was.
        var waiting = sigset_t()
        var usual = sigset_t()
        sigemptyset(&waiting)
        for number in [SIGTERM, SIGHUP, SIGINT, SIGTSTP] { sigaddset(&waiting, number) }
        pthread_sigmask(SIG_BLOCK, &waiting, &usual)
        tcsetattr(terminal, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &before)
            put("\n", terminal)
            pthread_sigmask(SIG_SETMASK, &usual, nil)
        }
        put(prompt, terminal)
        return try readLine(terminal)
    }

    private static func readLine(_ terminal: Int32) throws -> [UInt8] {
        var typed: [UInt8] = []
        while true {
            var ready = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            let count = poll(&ready, 1, 200)
            if isSignalled { throw CancellationError() }
            guard count > 0 else { continue }
            var byte: UInt8 = 0
            guard read(terminal, &byte, 1) == 1 else { throw CancellationError() }
            switch byte {
            case 0x0A, 0x0D: return typed
            case 0x03, 0x04: throw CancellationError()
            case 0x15: typed = []
            case 0x08, 0x7F:
                // The whole of a character of several bytes.
                while let last = typed.popLast(), last & 0xC0 == 0x80 {}
            default:
                guard typed.count < PassphraseSource.maxBytes else { throw CancellationError() }
                typed.append(byte)
            }
        }
    }

    private static var isSignalled: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return [SIGTERM, SIGHUP, SIGINT].contains { sigismember(&pending, $0) == 1 }
    }

    private static func put(_ text: String, _ terminal: Int32) {
        _ = Array(text.utf8).withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
    }
}
