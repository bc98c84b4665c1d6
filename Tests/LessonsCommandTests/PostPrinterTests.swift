import LessonModel
import RelayClient
import Storage
import Synchronization
import TerminalUI
import TestSupport
import Testing

@testable import LessonsCommand

@Suite struct PostPrinterTests {
    private final class Lines: Sendable {
        let written = Mutex<[String]>([])
        let room = Mutex<Int>(.max)

        var sequences: [Int64] {
            written.withLock { $0 }.flatMap { $0.split(separator: "\n") }
                .compactMap { $0.firstMatch(of: /"sequence":(\d+)/).flatMap { Int64($0.1) } }
        }

        var output: Output {
            Output(isJSON: true, isQuiet: false, stdoutIsTerminal: false, stderrIsTerminal: false, environment: [:]) {
                _, text in
                let fits = self.room.withLock { room in
                    guard room > 0 else { return false }
                    room -= 1
                    return true
                }
                if fits { self.written.withLock { $0.append(text) } }
                return fits
            }
        }
    }

    private func posts(_ numbers: ClosedRange<Int64>) throws -> [VerifiedPost] {
        try numbers.map { number in
            let shown = try MadePosts.lesson(number)
            return VerifiedPost(stored: shown.stored, post: shown.post, verdict: .failed(.badSignature))
        }
    }

    private func printer(_ lines: Lines, _ mirror: ClientMirror, limit: Int? = nil) throws -> PostPrinter {
        PostPrinter(
            output: lines.output, mirror: mirror, durable: "d", printedThrough: try mirror.shownThrough(durable: "d"),
            limit: limit)
    }

    @Test func `a post is printed once, also by the next run that is given it again`() throws {
        let directory = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: directory.path, relayID: "r")
        let lines = Lines()
        let first = try printer(lines, mirror)
        try first.print(try posts(1...100))
        try first.print(try posts(90...120))
        let second = try printer(lines, mirror)
        try second.print(try posts(50...130))
        #expect(lines.sequences == Array(1...130))
        #expect(try mirror.shownThrough(durable: "d") == 130)
    }

    @Test func `a limit ends in the middle of what came and the next run goes on there`() throws {
        let directory = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: directory.path, relayID: "r")
        let lines = Lines()
        let first = try printer(lines, mirror, limit: 70)
        try first.print(try posts(1...100))
        #expect(first.isFull)
        #expect(try mirror.shownThrough(durable: "d") == 70)
        try printer(lines, mirror).print(try posts(1...100))
        #expect(lines.sequences == Array(1...100))
    }

    @Test func `what nobody read does not count as printed`() throws {
        let directory = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: directory.path, relayID: "r")
        let lines = Lines()
        lines.room.withLock { $0 = 1 }
        let first = try printer(lines, mirror)
        #expect(throws: OutputClosed.self) { try first.print(try posts(1...100)) }
        let printed = try #require(lines.sequences.last)
        #expect(try mirror.shownThrough(durable: "d") == printed)
        lines.room.withLock { $0 = .max }
        try printer(lines, mirror).print(try posts(1...100))
        #expect(lines.sequences == Array(1...100))
    }

    @Test func `a post that cannot be read is told of and not left out`() throws {
        let directory = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: directory.path, relayID: "r")
        let lines = Lines()
        var broken = try posts(1...1)
        broken[0].post = nil
        try printer(lines, mirror).print(broken)
        #expect(lines.sequences == [1])
        #expect(lines.written.withLock { $0[0].contains("\"kind\":\"unreadable\"") })
    }
}
