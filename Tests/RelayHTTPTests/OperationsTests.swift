import RelayClient
import RelayHTTP
import RelayTestSupport
import Testing

@Suite struct OperationsTests {
    @Test func `health is told, and turns when the relay stops`() async throws {
        try await HTTPWorld.with {
            OperationsResponder($0.server)
        } _: { world in
            let well = try await world.exchange("GET", "/healthz")
            #expect(well.status == 200)
            #expect(well.body == Array("ok\n".utf8))
            await world.relay.stop()
            #expect(try await world.exchange("GET", "/healthz").status == 503)
            #expect(try await world.exchange("POST", "/healthz").status == 405)
            #expect(try await world.exchange("GET", "/").status == 404)
        }
    }

    @Test func `metrics tell sessions, counters and the time until each certificate ends`() async throws {
        try await HTTPWorld.with {
            OperationsResponder($0.server)
        } _: { world in
            let connection = try await world.relay.connect(world.relay.admin)
            let answer = try await world.exchange("GET", "/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init)
            #expect(lines.contains("lessons_sessions 1"))
            #expect(lines.contains("lessons_invitations_redeemed_total 1"))
            let name = "lessons_certificate_expiry_seconds"
            #expect(lines.contains("\(name){certificate=\"relay.test\",kind=\"relay\"} \(90 * 86_400 - 1)"))
            for kind in ["root", "issuing", "status"] {
                #expect(lines.contains { $0.hasPrefix("\(name){") && $0.contains("kind=\"\(kind)\"") }, "\(kind)")
            }
            #expect(lines.contains { $0.hasPrefix("lessons_revocation_list_number{") && $0.hasSuffix(" 1") })
            await connection.close()
        }
    }

    @Test func `only addresses of the machine itself are local`() {
        #expect(["127.0.0.1", "::1", "localhost"].allSatisfy(OperationsResponder.isLocal))
        #expect(!["0.0.0.0", "::", "192.0.2.1", "relay.test"].contains(where: OperationsResponder.isLocal))
    }
}
