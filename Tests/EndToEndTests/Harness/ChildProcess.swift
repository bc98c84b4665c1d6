import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A real process with its streams. Whatever is waited for has a limit, and a process that passes it is killed.
final class ChildProcess: Sendable {
    enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    enum Input {
        /// Ended before it begins.
        case nothing
        case text(String)
        /// `write` and `endInput` decide.
        case open
    }

    /// What was read of one stream.
    struct Lines: Sendable {
        fileprivate(set) var whole: [String] = []
        fileprivate(set) var rest: [UInt8] = []
        fileprivate(set) var hasEnded = false

        var text: String { whole.map { $0 + "\n" }.joined() + String(decoding: rest, as: UTF8.self) }

        fileprivate mutating func take(_ bytes: some Sequence<UInt8>) {
            for byte in bytes {
                guard byte == UInt8(ascii: "\n") else {
                    rest.append(byte)
                    continue
                }
                whole.append(String(decoding: rest, as: UTF8.self))
                rest.removeAll(keepingCapacity: true)
            }
        }
    }

    struct State: Sendable {
        fileprivate(set) var output = Lines()
        fileprivate(set) var errorOutput = Lines()
        fileprivate(set) var exit: Exit?

        var hasFinished: Bool { exit != nil && output.hasEnded && errorOutput.hasEnded }
    }

    let name: String
    private let state = Observed(State())
    private let takenLines = Mutex(0)
    private let pid: pid_t
    private let input: Mutex<FileHandle?>

    /// Starts the program at `path`.
    init(
        _ path: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        input: Input = .nothing
    ) throws {
        // Writing to a process that has ended is an error here, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        name = "\(URL(filePath: path).lastPathComponent) \(arguments.prefix(4).joined(separator: " "))"
        let process = Process()
        let (standardInput, output, errorOutput) = (Pipe(), Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errorOutput
        let state = state
        process.terminationHandler = { process in
            let exit: Exit =
                process.terminationReason == .exit
                ? .code(process.terminationStatus) : .signal(process.terminationStatus)
            state.update { $0.exit = exit }
        }
        try process.run()
        pid = process.processIdentifier
        self.input = Mutex(standardInput.fileHandleForWriting)
        try output.fileHandleForWriting.close()
        try errorOutput.fileHandleForWriting.close()
        try standardInput.fileHandleForReading.close()
        Self.read(output.fileHandleForReading) { bytes in
            state.update { bytes.isEmpty ? $0.output.hasEnded = true : $0.output.take(bytes) }
        }
        Self.read(errorOutput.fileHandleForReading) { bytes in
            state.update { bytes.isEmpty ? $0.errorOutput.hasEnded = true : $0.errorOutput.take(bytes) }
        }
        switch input {
        case .nothing: endInput()
        case .text(let text):
            try write(Array(text.utf8))
            endInput()
        case .open: break
        }
    }

    /// A thread of its own reads until the stream ends; an empty piece says so.
    private static func read(_ handle: FileHandle, _ take: @escaping @Sendable ([UInt8]) -> Void) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = systemRead(handle.fileDescriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                take(Array(buffer.prefix(count)))
            }
            try? handle.close()
            take([])
        }
    }

    var hasFinished: Bool { state.read(\.hasFinished) }
    var isRunning: Bool { state.read { $0.exit == nil } }
    var outputLineCount: Int { state.read { $0.output.whole.count } }
    var outputLines: [String] { state.read { $0.output.whole } }

    func write(_ bytes: [UInt8]) throws {
        try input.withLock { try $0?.write(contentsOf: Data(bytes)) }
    }

    func endInput() {
        input.withLock { handle in
            try? handle?.close()
            handle = nil
        }
    }

    func terminate() { send(SIGTERM) }
    func kill() { send(SIGKILL) }
    func hangUp() { send(SIGHUP) }
    var errorOutputText: String { state.read { $0.errorOutput.text } }

    private func send(_ signal: Int32) {
        // Under the lock no exit can be noted meanwhile; a process that was not noted is not reaped for another's use.
        state.read { if $0.exit == nil { systemKill(pid, signal) } }
    }

    /// Waits until `isDone` is true of what the process has printed.
    func wait(
        for what: String, within limit: Duration = .seconds(20), until isDone: @escaping @Sendable (State) -> Bool
    ) async throws {
        let isInTime = await state.wait(within: limit) { isDone($0) || $0.hasFinished }
        guard state.read(isDone) else {
            kill()
            throw EndToEndFailure(
                "\(name): \(isInTime ? "ended" : "no sign for \(limit)") before \(what)\n\(transcript)")
        }
    }

    /// The next whole line of stdout that was not taken yet.
    func nextLine(within limit: Duration = .seconds(20)) async throws -> String {
        let index = takenLines.withLock { taken in
            defer { taken += 1 }
            return taken
        }
        try await wait(for: "line \(index + 1) of its output", within: limit) { $0.output.whole.count > index }
        return state.read { $0.output.whole[index] }
    }

    /// Waits for the end of the process and of its streams.
    func finish(within limit: Duration = .seconds(30)) async throws -> Finished {
        guard await state.wait(within: limit, until: \.hasFinished) else {
            kill()
            throw EndToEndFailure("\(name): has not ended within \(limit)\n\(transcript)")
        }
        return state.read { state in
            Finished(
                name: name, exit: state.exit ?? .code(-1), output: state.output.text,
                errorOutput: state.errorOutput.text)
        }
    }

    /// The end of both streams, for a failure's text.
    var transcript: String {
        state.read { state in
            "stdout: …\(state.output.text.suffix(1_000))\nstderr: …\(state.errorOutput.text.suffix(3_000))"
        }
    }
}

/// What a process that has ended has left.
struct Finished: Sendable, CustomStringConvertible {
    let name: String
    let exit: ChildProcess.Exit
    let output: String
    let errorOutput: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
    /// Nil when a signal ended it.
    var code: Int32? { if case .code(let code) = exit { code } else { nil } }

    var description: String {
        "\(name): \(exit)\nstdout: \(output.prefix(2_000))\nstderr: \(errorOutput.suffix(3_000))"
    }

    /// - Throws: `EndToEndFailure` unless it ended with `code`.
    @discardableResult
    func expecting(_ code: Int32 = 0) throws -> Finished {
        guard exit == .code(code) else { throw EndToEndFailure("not the exit code \(code): \(self)") }
        return self
    }

    /// Each line of stdout as JSON.
    func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> [Value] {
        try lines.map { try JSONLine.decode($0) }
    }
}

enum JSONLine {
    static func decode<Value: Decodable>(_ line: String, as _: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(line.utf8))
        } catch {
            throw EndToEndFailure("not the JSON that was expected (\(error)): \(line.prefix(500))")
        }
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Darwin)
        Darwin.read(descriptor, buffer, count)
    #else
        Glibc.read(descriptor, buffer, count)
    #endif
}

@discardableResult
private func systemKill(_ pid: pid_t, _ signal: Int32) -> Int32 {
    #if canImport(Darwin)
        Darwin.kill(pid, signal)
    #else
        Glibc.kill(pid, signal)
    #endif
}
