import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `lessons` in a window of tmux: a terminal that others have written.
final class TmuxSession: Sendable {
    private let device: Device
    private let socket: String
    /// How many bytes the program has written: what tells that it is worth looking again.
    private let written = Observed(0)

    static let program = ["/usr/bin/tmux", "/usr/local/bin/tmux"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// - Parameters:
    ///   - command: what runs in the window; nil for `lessons`.
    ///   - term: what the program takes the terminal for; tmux itself stays what it is.
    init(
        _ device: Device, _ command: String? = nil, columns: Int, rows: Int, term: String = "xterm-256color",
        further: [String: String] = [:]
    ) async throws {
        self.device = device
        socket = device.home + "/tmux-\(UUID().uuidString.prefix(8))"
        let pipe = socket + ".bytes"
        guard mkfifo(pipe, 0o600) == 0 else { throw EndToEndFailure("no pipe at \(pipe): \(errno)") }
        read(pipe)
        let variables = further.merging(["TERM": term]) { $1 }.map { "\($0.key)='\($0.value)'" }.sorted()
        let program = try command ?? "'\(BuiltProgram.client.path)'"
        let command = "env -u NO_COLOR -u COLORTERM -u ACCESSIBLE " + variables.joined(separator: " ") + " " + program
        guard let tmux = Self.program else { throw EndToEndFailure("tmux is not installed") }
        // Its server goes on, and must hold nothing of this process open, by which its starter's end is told.
        let alone =
            "for ((n = 3; n < 256; n++)); do eval \"exec $n>&-\"; done; exec \"$@\" > /dev/null 2>&1 < /dev/null"
        let start = try device.start(
            program: "/bin/bash",
            ["-c", alone, "bash", tmux, "-S", socket] + [
                "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", command, ";",
                "set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on", ";",
                "set", "-g", "window-size", "manual", ";", "resize-window", "-x", "\(columns)", "-y", "\(rows)", ";",
                "pipe-pane", "-O", "cat > '\(pipe)'",
            ])
        try await start.finish().expecting()
    }

    /// A thread of its own counts what the program writes.
    private func read(_ pipe: String) {
        let descriptor = open(pipe, O_RDWR | O_CLOEXEC)
        let written = written
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                written.update { $0 += count }
            }
        }
    }

    @discardableResult
    private func tmux(_ arguments: String...) async throws -> Finished {
        guard let program = Self.program else { throw EndToEndFailure("tmux is not installed") }
        return try await device.start(program: program, ["-S", socket] + arguments).finish().expecting()
    }

    func type(_ text: String) async throws { try await tmux("send-keys", "-l", text) }

    /// Presses keys by tmux' names for them.
    func press(_ keys: String...) async throws {
        for key in keys { try await tmux("send-keys", key) }
    }

    func resize(columns: Int, rows: Int) async throws {
        try await tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
    }

    /// The lines on the screen, with `isStyled` the sequences that colour them.
    func capture(isStyled: Bool = false) async throws -> [String] {
        let captured =
            isStyled ? try await tmux("capture-pane", "-p", "-e") : try await tmux("capture-pane", "-p")
        return captured.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Waits until a line of the screen holds `text`.
    @discardableResult
    func shows(_ text: String, within limit: Duration = .seconds(20)) async throws -> [String] {
        try await until("\"\(text)\" is not on the screen", within: limit) { lines in
            lines.contains { $0.contains(text) }
        }
    }

    @discardableResult
    func until(
        _ problem: String, within limit: Duration = .seconds(20), isStyled: Bool = false, _ isSo: ([String]) -> Bool
    ) async throws -> [String] {
        let end = ContinuousClock.now + limit
        while true {
            let seen = written.read { $0 }
            let lines = try await capture(isStyled: isStyled)
            if isSo(lines) { return lines }
            guard await written.wait(within: end - .now, until: { $0 > seen }) else {
                throw EndToEndFailure("\(problem):\n\(lines.joined(separator: "\n"))")
            }
        }
    }

    /// The lines once nothing has been written for half a second.
    func settled(isStyled: Bool) async throws -> [String] {
        while true {
            let seen = written.read { $0 }
            guard await written.wait(within: .milliseconds(500), until: { $0 > seen }) else {
                return try await capture(isStyled: isStyled)
            }
        }
    }

    func end() async throws { try await tmux("kill-server") }
}
