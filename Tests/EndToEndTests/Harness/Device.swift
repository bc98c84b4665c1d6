import Foundation

/// One person's machine: folders of its own, in which `lessons` runs.
struct Device: Sendable {
    let home: String
    private let children: Children
    let environment: [String: String]

    init(_ name: String, in directory: String, children: Children) throws {
        home = "\(directory)/\(name)"
        self.children = children
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        var environment = ProcessInfo.processInfo.environment
        for variable in ["LESSONS_PROFILE", "VISUAL", "EDITOR"] { environment[variable] = nil }
        environment["HOME"] = home
        environment["XDG_CONFIG_HOME"] = home + "/config"
        environment["XDG_DATA_HOME"] = home + "/data"
        environment["XDG_CACHE_HOME"] = home + "/cache"
        environment["XDG_STATE_HOME"] = home + "/state"
        environment["TZ"] = "UTC"
        environment["LANG"] = "C.UTF-8"
        self.environment = environment
    }

    /// Where the identity's key.pem, certificate.pem and root.pem are.
    var identity: String { home + "/data/lessons/default/identity" }

    /// Starts `lessons` with `arguments`.
    func start(_ arguments: [String], input: ChildProcess.Input = .nothing) throws -> ChildProcess {
        try children.start(try BuiltProgram.client.path, arguments, environment: environment, input: input)
    }

    /// Starts another program with this machine's folders.
    func start(program: String, _ arguments: [String]) throws -> ChildProcess {
        try children.start(program, arguments, environment: environment)
    }

    /// Runs `lessons` to its end.
    func run(
        _ arguments: String..., input: ChildProcess.Input = .nothing, within limit: Duration = .seconds(30)
    ) async throws -> Finished {
        try await start(arguments, input: input).finish(within: limit)
    }

    /// Writes a file of this machine.
    /// - Returns: its path.
    func write(_ text: String, to name: String) throws -> String {
        let path = "\(home)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}
