import Foundation
import Synchronization
import TerminalTestSupport

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A program in a terminal of its own: a pseudo-terminal whose other end a test holds, with what the screen shows.
final class TerminalSession: Sendable {
    private struct State: Sendable {
        var screen: ScreenEmulator
        var hasEnded = false
    }

    /// Linux' TIOCGPTN, TIOCSPTLCK and POSIX_SPAWN_SETSID, which the headers keep from Swift.
    private static let getNumber: UInt = 0x8004_5430
    private static let setLock: UInt = 0x4004_5431
    private static let ownSession: Int32 = 0x80

    private let state: Observed<State>
    private let main: Int32
    private let other: Int32
    private let pid: pid_t
    let before: TerminalModes

    /// Starts `lessons` of a device.
    init(
        _ device: Device, _ arguments: [String] = [], columns: Int = 80, rows: Int = 24,
        term: String = "xterm-256color",
        further: [String: String] = [:]
    ) throws {
        main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var number: Int32 = 0
        var isLocked: Int32 = 0
        guard main >= 0, ioctl(main, Self.getNumber, &number) == 0, ioctl(main, Self.setLock, &isLocked) == 0 else {
            throw EndToEndFailure("no pseudo-terminal: \(errno)")
        }
        let path = "/dev/pts/\(number)"
        other = open(path, O_RDWR | O_NOCTTY)
        _ = fcntl(main, F_SETFD, FD_CLOEXEC)
        _ = fcntl(other, F_SETFD, FD_CLOEXEC)
        before = TerminalModes(other)
        state = Observed(State(screen: ScreenEmulator(columns: columns, rows: rows)))
        Self.setSize(main, columns, rows)
        var environment = device.environment
        environment["TERM"] = term
        environment["NO_COLOR"] = nil
        environment.merge(further) { $1 }
        pid = try Self.spawn(try BuiltProgram.client.path, arguments, environment, on: path)
        read()
    }

    deinit {
        Glibc.kill(pid, SIGKILL)
        close(main)
        close(other)
    }

    private static func setSize(_ descriptor: Int32, _ columns: Int, _ rows: Int) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], on path: String
    ) throws -> pid_t {
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A session of its own, so that the terminal that it opens first is the one that controls it.
        posix_spawnattr_setflags(&attributes, Int16(Self.ownSession | Int32(POSIX_SPAWN_SETSIGDEF)))
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw EndToEndFailure("\(program) cannot be started: \(code)") }
        return process
    }

    /// A thread of its own reads until the terminal is closed.
    private func read() {
        let (main, state) = (main, state)
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(main, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                // EIO: nobody has the other end open.
                guard count > 0 else { break }
                state.update { $0.screen.feed(buffer.prefix(count)) }
            }
            state.update { $0.hasEnded = true }
        }
    }

    var screen: ScreenEmulator { state.read(\.screen) }

    /// Types text, or sends the bytes of keys.
    func type(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(main, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Clicks on the first place where the screen shows `text`, once it does.
    func click(_ text: String) async throws {
        let lines = try await shows(text)
        guard let row = lines.firstIndex(where: { $0.contains(text) }), let range = lines[row].range(of: text) else {
            throw EndToEndFailure("\"\(text)\" has gone")
        }
        let column = lines[row].distance(from: lines[row].startIndex, to: range.lowerBound)
        for end in ["M", "m"] { type("\u{1B}[<0;\(column + 2);\(row + 1)\(end)") }
    }

    /// Turns the wheel by one over a place, counted from 0.
    func wheel(down: Bool, column: Int, row: Int) {
        type("\u{1B}[<\(down ? 65 : 64);\(column + 1);\(row + 1)M")
    }

    func resize(columns: Int, rows: Int) {
        state.update { $0.screen.resize(columns: columns, rows: rows) }
        Self.setSize(main, columns, rows)
    }

    func send(signal: Int32) { Glibc.kill(pid, signal) }

    /// Waits until a line of the screen holds `text`.
    @discardableResult
    func shows(_ text: String, within limit: Duration = .seconds(20)) async throws -> [String] {
        guard await state.wait(within: limit, until: { $0.screen.lines.contains { $0.contains(text) } }) else {
            throw EndToEndFailure("\"\(text)\" is not on the screen:\n\(screen.lines.joined(separator: "\n"))")
        }
        return screen.lines
    }

    /// Waits until no line of the screen holds `text`.
    func hides(_ text: String, within limit: Duration = .seconds(20)) async throws {
        guard await state.wait(within: limit, until: { !$0.screen.lines.contains { $0.contains(text) } }) else {
            throw EndToEndFailure("\"\(text)\" is still on the screen:\n\(screen.lines.joined(separator: "\n"))")
        }
    }

    /// Waits until the terminal has the modes of a shell again: what a process wrote last may be read after its end.
    func restores(within limit: Duration = .seconds(20)) async -> Bool {
        await state.wait(within: limit) { $0.screen.modes == ["25"] }
    }

    /// Waits for the process to end; one that does not is killed.
    /// - Returns: as `waitpid` tells it.
    func status(within limit: Duration = .seconds(20)) async throws -> Int32 {
        let pid = pid
        let status = Observed<Int32?>(nil)
        Thread.detachNewThread {
            var value: Int32 = 0
            while waitpid(pid, &value, 0) < 0, errno == EINTR {}
            status.update { $0 = value }
        }
        guard await status.wait(within: limit, until: { $0 != nil }), let value = status.read({ $0 }) else {
            Glibc.kill(pid, SIGKILL)
            throw EndToEndFailure("has not ended within \(limit):\n\(screen.lines.joined(separator: "\n"))")
        }
        return value
    }

    /// How the terminal is set now.
    var modes: TerminalModes { TerminalModes(other) }
}

/// What a program may leave behind in a terminal's settings.
struct TerminalModes: Equatable, Sendable {
    let input: UInt32
    let output: UInt32
    let local: UInt32

    init(_ descriptor: Int32) {
        var settings = termios()
        tcgetattr(descriptor, &settings)
        input = UInt32(settings.c_iflag)
        output = UInt32(settings.c_oflag)
        local = UInt32(settings.c_lflag)
    }
}
