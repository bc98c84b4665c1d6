import NIOCore
import NIOEmbedded
import PKI
import TLS
import TestSupport
import Testing

/// A server that takes a client's certificate where there is one, and clients that know nothing of ALPN.
@Suite struct OptionalClientTests {
    let parties: TestParties

    init() throws { parties = try TestParties() }

    private func server(
        alpn: [String] = ["http/1.1"], acceptsMissingALPN: Bool = true,
        isRevoked: @escaping @Sendable (Certificate) -> Bool = { _ in false },
        status: (@Sendable () -> [UInt8]?)? = nil
    ) throws -> TLSContext {
        try TLSContext(
            server: .init(
                certificateChain: parties.relayChain, privateKey: parties.relay.key,
                clientAuthentication: .optional(issuers: [parties.authority.issuingCertificate], isRevoked: isRevoked),
                alpnProtocols: alpn, acceptsMissingALPN: acceptsMissingALPN, statusResponse: status))
    }

    private func connect(_ server: TLSContext, _ client: TLSContext) throws -> EmbeddedPair {
        let pair = try EmbeddedPair(server: server, client: client)
        try pair.connect()
        return pair
    }

    @Test func `a client without a certificate is let in and has no identity`() throws {
        let pair = try connect(server(), parties.client(identity: nil, alpn: ["http/1.1"]))
        let completed = try #require(pair.server.events.completed.first)
        #expect(completed.peer == nil)
        #expect(completed.applicationProtocol == "http/1.1")
        try pair.client.send("hello")
        try pair.exchange { 100 }
        #expect(pair.server.receivedText == "hello")
    }

    @Test func `a client with a good certificate is known by it`() throws {
        let pair = try connect(server(), parties.client(alpn: ["http/1.1"]))
        #expect(pair.server.events.completed.first?.peer?.certificate == parties.member.certificate)
    }

    @Test func `a certificate that is shown must be good`() throws {
        let foreign = try TestAuthority(name: "Foreign").member()
        let old = try parties.authority.member(validity: .expired)
        for (identity, isRevoked, alert) in [
            (([foreign.certificate], foreign.key), false, "unknown_ca"),
            (([old.certificate], old.key), false, "certificate_expired"),
            (parties.memberIdentity, true, "certificate_revoked"),
        ] as [(TLSContext.ClientConfiguration.Identity, Bool, String)] {
            let pair = try connect(
                server(isRevoked: { _ in isRevoked }), parties.client(identity: identity, alpn: ["http/1.1"]))
            #expect(pair.server.events.completed.isEmpty)
            #expect(pair.server.events.errors.first?.sentAlert == alert)
            #expect(!pair.server.channel.isActive)
        }
    }

    @Test func `a client without ALPN is served where that is allowed, and nowhere else`() throws {
        let pair = try connect(server(), parties.client(identity: nil, alpn: []))
        #expect(pair.server.events.completed.count == 1)
        #expect(pair.server.events.completed.first?.applicationProtocol == nil)
        let strict = try connect(server(acceptsMissingALPN: false), parties.client(identity: nil, alpn: []))
        #expect(strict.server.events.errors.first?.sentAlert == "no_application_protocol")
        let other = try connect(server(), parties.client(identity: nil, alpn: ["h2"]))
        #expect(other.server.events.errors.first?.sentAlert == "no_application_protocol")
    }

    @Test func `a server whose status is not there serves all the same`() throws {
        let pair = try connect(server(status: { nil }), parties.client(identity: nil, alpn: ["http/1.1"]))
        #expect(pair.server.events.completed.count == 1)
    }
}
