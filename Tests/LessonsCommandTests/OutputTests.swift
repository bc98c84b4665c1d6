import ArgumentParser
import LessonModel
import RelayClient
import Storage
import Synchronization
import TerminalUI
import Testing
import Wire

@testable import LessonsCommand

/// What an `Output` wrote, by stream.
private final class Written: Sendable {
    private let text = Mutex<[Int32: String]>([:])
    let isOpen = Mutex(true)

    subscript(stream: Int32) -> String { text.withLock { $0[stream] ?? "" } }

    func output(
        isJSON: Bool = false, isQuiet: Bool = false, isTerminal: Bool = false, environment: [String: String] = [:]
    ) -> Output {
        Output(
            isJSON: isJSON, isQuiet: isQuiet, stdoutIsTerminal: isTerminal, stderrIsTerminal: isTerminal,
            environment: environment
        ) { stream, text in
            guard self.isOpen.withLock({ $0 }) else { return false }
            self.text.withLock { $0[stream, default: ""] += text }
            return true
        }
    }
}

@Suite struct OutputTests {
    @Test func `data goes to stdout and messages to stderr`() throws {
        let written = Written()
        let output = written.output()
        try output.data(StyledText("data", .red))
        output.message("message")
        output.warning("warning")
        #expect(written[1] == "data\n")
        #expect(written[2] == "message\nwarning: warning\n")
    }

    @Test func `quiet leaves warnings and errors`() {
        let written = Written()
        let output = written.output(isQuiet: true)
        output.message("message")
        output.warning("careful")
        output.failure(CommandFailure(.usage, "X", "wrong"))
        #expect(written[2] == "warning: careful\nlessons: wrong\n")
    }

    @Test func `colour is used on a terminal alone and not with NO_COLOR or a dumb terminal`() throws {
        func text(_ isTerminal: Bool, _ environment: [String: String]) throws -> String {
            let written = Written()
            try written.output(isTerminal: isTerminal, environment: environment).data(StyledText("x", .bold))
            return written[1]
        }
        #expect(try text(true, [:]).contains("\u{1B}[1m"))
        #expect(try text(false, [:]) == "x\n")
        #expect(try text(true, ["NO_COLOR": "1"]) == "x\n")
        #expect(try text(true, ["TERM": "dumb"]) == "x\n")
        #expect(try text(true, ["NO_COLOR": ""]).contains("\u{1B}[1m"))
    }

    @Test func `an error in JSON is one line with its code message and field`() {
        let written = Written()
        let error = WireError(.unknownTopic, "there is no such topic", field: "topic")
        written.output(isJSON: true).failure(CommandFailure(ClientError.request(error)))
        #expect(
            written[2].hasPrefix(
                #"{"error":{"code":"UNKNOWN_TOPIC","message":"there is no such topic","field":"topic","hint":"#))
        #expect(written[2].hasSuffix("}}\n"))
    }

    @Test func `a reader that went away ends the writing`() {
        let written = Written()
        let output = written.output()
        written.isOpen.withLock { $0 = false }
        #expect(throws: OutputClosed.self) { try output.data("x") }
    }

    @Test func `a message does not spoil a progress bar and nothing of a bar is seen off a terminal`() {
        let written = Written()
        let output = written.output(isTerminal: true, environment: ["NO_COLOR": "1"])
        output.showBar("[==>  ]")
        output.message("hello")
        #expect(written[2] == "\r\u{1B}[K[==>  ]\r\u{1B}[Khello\n[==>  ]")
        let plain = Written()
        plain.output().showBar("[==>  ]")
        #expect(plain[2] == "")
    }

    @Test func `a progress bar says how far and how long`() {
        let half = ProgressReport.text("sent", 50, of: 100, elapsed: .seconds(10))
        #expect(half == "[===============>              ] 50 of 100 sent, 10 s left")
        #expect(
            ProgressReport.text("sent", 100, of: 100, elapsed: .seconds(10))
                == "[==============================] 100 of 100 sent")
        #expect(ProgressReport.text("sent", 0, of: 100, elapsed: .zero).contains("0 of 100 sent"))
        #expect(ProgressReport.text("received", 64, of: nil, elapsed: .seconds(2)) == "64 received, 32 each second")
        #expect(ProgressReport.text("sent", 500, of: 100, elapsed: .seconds(1)).contains("500 of 100"))
    }
}

@Suite struct SysexitTests {
    @Test func `the relay's refusals end with the status that scripts expect`() {
        let expected: [(WireErrorCode, Sysexit)] = [
            (.unknownTopic, .badData), (.invalid, .badData), (.conflict, .badData), (.unknownThread, .missingInput),
            (.notFound, .missingInput), (.badFilter, .usage), (.forbidden, .denied), (.certificateRevoked, .denied),
            (.invitationUsed, .denied), (.widerThanThread, .denied), (.overloaded, .unreachable),
            (.draining, .unreachable),
            (.storageFull, .unreachable), (.malformedFrame, .internalFault), (.versionUnsupported, .configuration),
        ]
        for (code, status) in expected { #expect(Sysexit(code) == status, "\(code)") }
    }

    @Test func `every kind of failure has its own status`() {
        #expect(CommandFailure(ClientError.unreachable("x")).status == .unreachable)
        #expect(CommandFailure(ClientError.untrusted("x")).status == .denied)
        #expect(CommandFailure(ClientError.cancelled).status == .interrupted)
        #expect(CommandFailure(ClientError.storage(.full)).status == .cannotWrite)
        #expect(CommandFailure(ClientError.invalidPost("x")).status == .badData)
        struct Strange: Error {}
        #expect(CommandFailure(any: Strange()).status == .internalFault)
    }
}

@Suite struct CommandLineTests {
    @Test(arguments: [
        ["join"], ["join", "x", "--file", "y"], ["reply", "1", "file", "-m", "text"], ["admin", "revoke"],
        ["admin", "revoke", "--organisation", "al-x", "--fingerprint", "00"], ["admin", "invite"],
        ["admin", "invite", "--device-of", "01a20b55-efe8-76d2-80dc-c7182967b035", "--name", "N"], ["unsubscribe"],
        ["watch", "--limit", "0"], ["threads", "--limit", "0"],
        ["admin", "invite", "--organisation", "Not A Slug", "--name", "N"],
        ["reply", "1", "--marking", "PINK"], ["nonsense"],
        ["admin", "add-organisation", "al-x", "--name", "N", "--kind", "circus"],
    ])
    func `a wrong command line is refused before anything is done`(arguments: [String]) {
        do {
            _ = try Lessons.parseAsRoot(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            #expect(Lessons.exitCode(for: error).rawValue == Sysexit.usage.rawValue)
        }
    }

    @Test(arguments: [
        ["post"], ["post", "-", "--marking", "amber+strict", "--audience", "a-b,c-d"],
        ["watch", "policing/#", "--json"],
        ["outbox"], ["outbox", "drop", "01a20b55"], ["show", "#12", "--offline"],
        ["export", "12", "--format", "json", "-o", "x.json"], ["unsubscribe", "--all"],
        ["admin", "invite", "--organisation", "al-x", "--name", "N", "--role", "reader", "--valid", "12h"],
        [
            "import", "f", "--mapping", "llis", "--topic", "corruption", "--marking", "GREEN", "--only",
            "organization=JPL",
        ],
        ["reply", "12", "-m", "text", "--marking", "TLP:RED"],
    ])
    func `a right command line is taken`(arguments: [String]) throws {
        _ = try Lessons.parseAsRoot(arguments)
    }

    @Test func `without arguments the overview is told and names only commands that exist`() throws {
        let names = Overview.text.matches(of: /lessons ([a-z]+)/).map { String($0.1) }
        #expect(names.contains("join") && names.contains("watch"))
        for name in names where name != "help" && name != "learned" {
            #expect(throws: Never.self) { try Lessons.parseAsRoot(["help", name]) }
            #expect(
                Lessons.configuration.groupedSubcommands.flatMap(\.subcommands).contains { $0._commandName == name })
        }
    }

    @Test func `values separated by commas are taken apart`() {
        #expect(["a,b", " c ", "", ","].splitAtCommas == ["a", "b", "c"])
    }
}

@Suite struct NarrowingTests {
    private func options(_ arguments: [String]) throws -> NarrowingOptions { try NarrowingOptions.parse(arguments) }

    @Test func `properties alone select from all topics and exclusions from everything else`() throws {
        #expect(try options([]).filter(topics: []) == nil)
        let french = try #require(try options(["--language", "fr-CA"]).filter(topics: []))
        #expect(french.topics.map(\.description) == ["#"])
        #expect(french.languages == ["fr"])
        let rest = try #require(try options([]).filter(topics: ["!cyber/#"]))
        #expect(rest.topics.map(\.description) == ["!cyber/#", "#"])
    }

    @Test func `what is no filter is refused with the usage status`() throws {
        for topics in [["a/#/b"], ["A"], [""]] {
            let error = #expect(throws: CommandFailure.self) { try options([]).filter(topics: topics) }
            #expect(error?.status == .usage)
        }
        #expect(throws: CommandFailure.self) { try options(["--country", "Albania"]).filter(topics: ["#"]) }
    }
}
