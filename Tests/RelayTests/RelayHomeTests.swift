import Foundation
import Relay
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

    @Test func `a damaged relay id is refused`() throws {
        #expect(throws: RelayHomeError.self) { try read("{}", relayID: "12") }
    }

    @Test func `a directory without a relay says how to make one`() throws {
        let directory = try TemporaryDirectory()
        #expect { _ = try RelayHome(path: directory.path).readConfiguration() } throws: {
            "\($0)".contains("lessons-relay init")
        }
    }
}
