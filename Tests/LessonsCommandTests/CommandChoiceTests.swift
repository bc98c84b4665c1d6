import ArgumentParser
import TerminalUI
import Testing

@testable import LessonsCommand

@Suite struct CommandChoiceTests {
    @Test func `an option belongs to the command that it follows`() throws {
        let export = try #require(
            try Lessons.parseAsRoot(["export", "--offline", "--country", "AL"]) as? ExportCommand)
        #expect(export.source.offline)
        let threads = try #require(try Lessons.parseAsRoot(["threads", "--json", "--offline"]) as? ThreadsCommand)
        #expect(threads.source.offline && threads.options.json)
    }

    @Test func `without a command the client opens, with its options`() throws {
        let open = try #require(try Lessons.parseAsRoot(["--plain", "--offline", "--theme", "mono"]) as? OpenCommand)
        #expect(open.plain && open.offline && open.theme == .mono)
        #expect(try Lessons.parseAsRoot([]) is OpenCommand)
    }

    @Test(arguments: [("treads", "did you mean threads?"), ("xyzzy", "lessons help")])
    func `a command that does not exist is told, with the nearest one`(word: String, expected: String) {
        do {
            _ = try Lessons.parseAsRoot([word])
            Issue.record("\(word) was taken")
        } catch {
            #expect(Lessons.message(for: error).contains(expected))
        }
    }
}
