import Foundation
import LessonModel
import Relay
import RelayClient
import RelayTestSupport
import TestSupport
import Testing

@Suite struct RelayHomeTests {
    private func read(_ limits: String, relayID: String = String(repeating: "0a", count: 16)) throws
        -> RelayConfiguration
    {
        let directory = try TemporaryDirectory()
        let home = RelayHome(path: directory.path)
        let text = """
            {"relayID": "\(relayID)", "domain": "relay.test", "host": "relay.test", "port": 1, "enrolmentPort": 2,
             "listen": "127.0.0.1", "names": {"dns": ["relay.test"], "ip": []}, "limits": \(limits)}
            """
        try Data(text.utf8).write(to: URL(filePath: home.configurationPath))
        return try home.readConfiguration()
    }

    @Test func `a limit that the file does not give has its default`() throws {
        let configuration = try read(#"{"maxSessions": 7}"#)
        #expect(configuration.limits.maxSessions == 7)
        #expect(configuration.limits.maxFrameBytes == RelayLimits().maxFrameBytes)
    }

    @Test(arguments: [#"{"maxUnsentBytes": 1}"#, #"{"keepaliveSeconds": -1}"#, #"{"maxFrameBytes": 99999999999}"#])
    func `a limit out of its bounds is refused by name`(_ limits: String) throws {
        let name = try #require(limits.split(separator: "\"").dropFirst().first)
        #expect { _ = try read(limits) } throws: { "\($0)".contains(name) }
    }

    @Test func `a check says every limit, and finds names that no setting has`() throws {
        let directory = try TemporaryDirectory()
        let home = RelayHome(path: directory.path)
        let text = """
            {"relayID": "\(String(repeating: "0a", count: 16))", "domain": "relay.test", "host": "relay.test", "port": 1,
             "enrolmentPort": 2, "listen": "127.0.0.1", "names": {"dns": ["relay.test"], "ip": []},
             "limits": {"maxSessions": 7, "maxSesions": 8}, "metric": {}}
            """
        try Data(text.utf8).write(to: URL(filePath: home.configurationPath))
        let checked = try home.checkConfiguration()
        #expect(checked.unknown == ["limits.maxSesions", "metric"])
        #expect(checked.text.contains("\"maxSessions\" : 7") && checked.text.contains("\"maxAttachmentBytes\" : "))
        try Data(checked.text.utf8).write(to: URL(filePath: home.configurationPath))
        #expect(try home.checkConfiguration().unknown == [])
        #expect(try home.readConfiguration() == checked.configuration)
    }

    @Test func `a damaged relay id is refused`() throws {
        #expect(throws: RelayHomeError.self) { try read("{}", relayID: "12") }
    }

    @Test func `a directory without a relay says how to make one`() throws {
        let directory = try TemporaryDirectory()
        #expect { _ = try RelayHome(path: directory.path).readConfiguration() } throws: {
            "\($0)".contains("lessons-relay init")
        }
    }

    @Test func `an invitation on the host while the relay runs says which command makes one then`() async throws {
        try await TestRelay.with { relay in
            let office = try #require(OrganisationSlug("office"))
            func invite() throws -> String {
                try RelaySetup.invite(
                    home: relay.home, organisation: office, name: "Bea", roles: [.relayAdministrator],
                    now: relay.clock.now)
            }
            #expect {
                _ = try invite()
            } throws: {
                "\($0)".contains("`lessons admin invite`")
            }
            await relay.stop()
            let text = try invite()
            try await relay.restart()
            let bea = try await relay.join(text)
            #expect(bea.member.roles.contains(.relayAdministrator))
        }
    }
}
