import Foundation

/// A relay of one test: a data directory, and the process that serves it, which may be stopped, killed and started again.
actor RelayProcess {
    nonisolated let data: String
    nonisolated let port: UInt16
    nonisolated let enrolmentPort: UInt16
    /// The file with the root's passphrase.
    nonisolated let passphrase: String
    /// The first administrator's.
    nonisolated let invitation: String
    private let program: String
    private let children: Children
    private let isServing = Observed(false)
    private var process: ChildProcess?

    /// Makes a relay's data directory in `directory`. Nothing serves it yet.
    /// - Parameter options: further ones of `lessons-relay init`.
    init(in directory: String, options: [String] = [], children: Children) async throws {
        self.children = children
        program = try BuiltProgram.relay.path
        data = directory + "/relay"
        passphrase = directory + "/passphrase"
        try Data("twelve bytes at the very least\n".utf8).write(to: URL(filePath: passphrase))
        (port, enrolmentPort) = try FreePorts.two()
        let made = try await children.start(
            program,
            [
                "init", "--data", data, "--domain", "relay.test", "--host", "127.0.0.1", "--alt-name", "relay.test",
                "--listen", "127.0.0.1", "--port", "\(port)", "--enrolment-port", "\(enrolmentPort)",
                "--organisation", "osce-sec", "--organisation-name", "OSCE Secretariat",
                "--administrator", "Ada Administrator", "--root-passphrase-file", passphrase,
            ] + options, environment: ProcessInfo.processInfo.environment
        ).finish().expecting()
        guard let line = made.lines.last, line.hasPrefix("lessons://") else {
            throw EndToEndFailure("no invitation from \(made)")
        }
        invitation = line
    }

    /// Returns when connections are accepted.
    /// - Parameter user: a user's number, whose group has the same; nil for whoever runs the tests.
    func start(as user: Int? = nil) async throws {
        var command = [program, "serve", "--data", data]
        if let user {
            command = ["/usr/bin/setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"] + command
        }
        let process = try children.start(
            command[0], Array(command.dropFirst()), environment: ProcessInfo.processInfo.environment)
        self.process = process
        let line = try await process.nextLine(within: .seconds(30))
        guard line.hasPrefix("ready \(port) \(enrolmentPort)") else {
            throw EndToEndFailure("the relay said \(line) in place of ready\n\(process.transcript)")
        }
        isServing.update { $0 = true }
    }

    /// SIGTERM; returns what the relay has left when it has ended by itself.
    func stop() async throws -> Finished {
        isServing.update { $0 = false }
        let process = try running()
        process.terminate()
        return try await process.finish(within: .seconds(30))
    }

    /// SIGKILL; returns when the process is gone.
    func kill() async throws {
        isServing.update { $0 = false }
        let process = try running()
        process.kill()
        let end = try await process.finish()
        guard end.exit == .signal(9) else { throw EndToEndFailure("the relay ended before it was killed: \(end)") }
    }

    /// Returns when a relay that was ended on purpose serves again.
    nonisolated func untilServing() async throws {
        guard await isServing.wait(within: .seconds(30), until: { $0 }) else {
            throw EndToEndFailure("the relay does not serve")
        }
    }

    /// What `lessons-relay doctor` says of a relay that does not run.
    func examine(within limit: Duration = .seconds(30)) async throws -> Finished {
        try await children.start(
            program, ["doctor", "--data", data], environment: ProcessInfo.processInfo.environment
        ).finish(within: limit)
    }

    /// Runs another sub-command of `lessons-relay` to its end.
    func run(_ arguments: String...) async throws -> Finished {
        try await children.start(program, arguments, environment: ProcessInfo.processInfo.environment).finish()
    }

    /// SIGHUP; returns when the relay has logged `sentence` once more than before.
    func hangUp(until sentence: String) async throws {
        try await logs(sentence) { $0.hangUp() }
    }

    /// Runs `act`; returns when the relay, left alone, has logged `sentence` once more than before.
    func untilLogged(_ sentence: String, after act: () async throws -> Void) async throws {
        try await logs(sentence) { _ in try await act() }
    }

    private func logs(_ sentence: String, after act: (ChildProcess) async throws -> Void) async throws {
        let process = try running()
        let before = process.errorOutputText.split(separator: "\n").count { $0.contains(sentence) }
        try await act(process)
        try await process.wait(for: "logging: \(sentence)") { state in
            state.errorOutput.text.split(separator: "\n").count { $0.contains(sentence) } > before
        }
    }

    private func running() throws -> ChildProcess {
        guard let process, process.isRunning else {
            throw EndToEndFailure("the relay does not run\n\(process?.transcript ?? "")")
        }
        return process
    }
}
