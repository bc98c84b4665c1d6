import NIOCore
import NIOEmbedded
import PKI
import TLS
import TestSupport
import Testing

/// Who is refused, and that both sides learn why.
@Suite struct RefusalTests {
    let parties: TestParties

    init() throws { parties = try TestParties() }

    /// The server refuses: its error names the alert, and the client is told that alert.
    private func expectServerRefuses(
        _ server: TLSContext, _ client: TLSContext, name: String, code: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let pair = try EmbeddedPair(server: server, client: client)
        try pair.connect()
        #expect(pair.server.events.completed.isEmpty, sourceLocation: sourceLocation)
        #expect(pair.server.events.errors.count == 1, sourceLocation: sourceLocation)
        #expect(pair.server.events.errors.first?.sentAlert == name, sourceLocation: sourceLocation)
        #expect(
            pair.client.events.errors == [.peerAlert(name: name, code: code)], sourceLocation: sourceLocation)
        #expect(!pair.server.channel.isActive && !pair.client.channel.isActive, sourceLocation: sourceLocation)
    }

    /// The client refuses: its error names the alert, and the server is told that alert.
    private func expectClientRefuses(
        _ server: TLSContext, _ client: TLSContext, name: String, code: Int, detail: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let pair = try EmbeddedPair(server: server, client: client)
        try pair.connect()
        #expect(pair.client.events.completed.isEmpty, sourceLocation: sourceLocation)
        #expect(pair.client.events.errors.count == 1, sourceLocation: sourceLocation)
        #expect(pair.client.events.errors.first?.sentAlert == name, sourceLocation: sourceLocation)
        #expect(pair.client.events.errors.first?.description.contains(detail) == true, sourceLocation: sourceLocation)
        #expect(
            pair.server.events.errors == [.peerAlert(name: name, code: code)], sourceLocation: sourceLocation)
        #expect(!pair.server.channel.isActive && !pair.client.channel.isActive, sourceLocation: sourceLocation)
    }

    @Test func `a client without a certificate is refused with certificate_required`() throws {
        try expectServerRefuses(
            parties.server(), parties.client(identity: nil), name: "certificate_required", code: 116)
    }

    @Test func `a refused client sees its own handshake complete before it is told`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client(identity: nil))
        try pair.connect()
        #expect(pair.client.events.completed.count == 1)
        #expect(pair.client.events.errors == [.peerAlert(name: "certificate_required", code: 116)])
    }

    @Test func `a certificate of another authority is refused with unknown_ca`() throws {
        let foreign = try TestAuthority(name: "Foreign").member()
        let client = try parties.client(identity: ([foreign.certificate], foreign.key))
        try expectServerRefuses(parties.server(), client, name: "unknown_ca", code: 48)
    }

    @Test func `a foreign authority cannot pass by sending its own chain`() throws {
        let foreign = try TestAuthority(name: "Foreign")
        let member = try foreign.member()
        let chain = [member.certificate, foreign.issuingCertificate, foreign.rootCertificate]
        let client = try parties.client(identity: (chain, member.key))
        try expectServerRefuses(parties.server(), client, name: "unknown_ca", code: 48)
    }

    @Test func `an expired certificate is refused with certificate_expired`() throws {
        let expired = try parties.authority.member(validity: .expired)
        let client = try parties.client(identity: ([expired.certificate], expired.key))
        try expectServerRefuses(parties.server(), client, name: "certificate_expired", code: 45)
    }

    @Test func `a certificate that is not yet valid is refused with bad_certificate`() throws {
        let early = try parties.authority.member(validity: .notYetValid)
        let client = try parties.client(identity: ([early.certificate], early.key))
        try expectServerRefuses(parties.server(), client, name: "bad_certificate", code: 42)
    }

    @Test func `a server's certificate does not serve as a client's`() throws {
        let client = try parties.client(identity: ([parties.relay.certificate], parties.relay.key))
        try expectServerRefuses(parties.server(), client, name: "unsupported_certificate", code: 43)
    }

    @Test func `a revoked certificate is refused with certificate_revoked`() throws {
        let revoked = parties.member.certificate
        let server = try parties.server(isRevoked: { $0 == revoked })
        try expectServerRefuses(server, parties.client(), name: "certificate_revoked", code: 44)

        let other = try parties.authority.member()
        let pair = try EmbeddedPair(
            server: server, client: parties.client(identity: ([other.certificate], other.key)))
        try pair.connect()
        #expect(pair.server.events.completed.map { $0.peer?.certificate } == [other.certificate])
    }

    @Test func `revocation is asked about the client's own certificate and in every handshake`() throws {
        let asked = AskedCertificates()
        let server = try parties.server(isRevoked: { asked.append($0) })
        for _ in 0..<2 {
            try EmbeddedPair(server: server, client: parties.client()).connect()
        }
        #expect(asked.all == [parties.member.certificate, parties.member.certificate])
    }

    @Test func `a client of another application protocol is refused with no_application_protocol`() throws {
        try expectServerRefuses(
            parties.server(), parties.client(alpn: ["lessons/9", "http/1.1"]), name: "no_application_protocol",
            code: 120)
    }

    @Test func `a client that names no application protocol is refused in the same way`() throws {
        try expectServerRefuses(
            parties.server(), parties.client(alpn: []), name: "no_application_protocol", code: 120)
    }

    @Test func `a server that selects no application protocol is refused by the client`() throws {
        let pair = try EmbeddedPair(server: parties.server(alpn: []), client: parties.client())
        try pair.connect()
        #expect(
            pair.client.events.errors == [
                .handshakeFailed(alert: nil, detail: "the server selected no application protocol")
            ])
        #expect(pair.client.events.completed.isEmpty)
        #expect(!pair.client.channel.isActive)
    }

    @Test(arguments: ["other.test", "127.0.0.2", "relay.test.other.test", "Test Relay"])
    func `a server under another name is refused`(name: String) throws {
        guard name != "Test Relay" else {
            #expect(throws: TLSError.self) { try parties.client(serverName: name) }
            return
        }
        try expectClientRefuses(
            parties.server(), parties.client(serverName: name), name: "bad_certificate", code: 42,
            detail: "mismatch")
    }

    @Test func `a server of another authority is refused`() throws {
        let foreign = try TestAuthority(name: "Foreign")
        let relay = try foreign.relayCertificate()
        let server = try parties.server(
            chain: [relay.certificate, foreign.issuingCertificate, foreign.rootCertificate], key: relay.key)
        try expectClientRefuses(server, parties.client(), name: "unknown_ca", code: 48, detail: "self-signed")
    }

    @Test func `an expired server is refused`() throws {
        let relay = try parties.authority.relayCertificate(validity: .expired)
        let server = try parties.server(
            chain: [relay.certificate, parties.authority.issuingCertificate], key: relay.key)
        try expectClientRefuses(
            server, parties.client(), name: "certificate_expired", code: 45, detail: "expired")
    }

    @Test func `a member cannot pose as a relay`() throws {
        let server = try parties.server(
            chain: [parties.member.certificate, parties.authority.issuingCertificate], key: parties.member.key)
        try expectClientRefuses(
            server, parties.client(), name: "unsupported_certificate", code: 43, detail: "purpose")
    }

    @Test func `another root's fingerprint refuses the server`() throws {
        let foreign = try TestAuthority(name: "Foreign").rootCertificate.fingerprint
        try expectClientRefuses(
            parties.openServer(), parties.client(identity: nil, trust: .rootFingerprint(foreign)),
            name: "unknown_ca", code: 48, detail: "self-signed")
    }

    @Test func `a server that does not send the root is refused by its fingerprint`() throws {
        let server = try parties.server(chain: [parties.relay.certificate, parties.authority.issuingCertificate])
        let trust = TLSContext.ClientConfiguration.Trust.rootFingerprint(
            parties.authority.rootCertificate.fingerprint)
        try expectClientRefuses(
            server, parties.client(trust: trust), name: "unknown_ca", code: 48, detail: "self-signed")
    }

    @Test func `the right root beside a foreign chain does not help`() throws {
        let foreign = try TestAuthority(name: "Foreign")
        let relay = try foreign.relayCertificate()
        let server = try parties.server(
            chain: [relay.certificate, foreign.issuingCertificate, parties.authority.rootCertificate],
            key: relay.key)
        let trust = TLSContext.ClientConfiguration.Trust.rootFingerprint(
            parties.authority.rootCertificate.fingerprint)
        try expectClientRefuses(
            server, parties.client(trust: trust), name: "unknown_ca", code: 48, detail: "issuer")
    }

    @Test func `the name counts with a fingerprint too`() throws {
        let trust = TLSContext.ClientConfiguration.Trust.rootFingerprint(
            parties.authority.rootCertificate.fingerprint)
        try expectClientRefuses(
            parties.openServer(), parties.client(identity: nil, trust: trust, serverName: "other.test"),
            name: "bad_certificate", code: 42, detail: "mismatch")
    }

    @Test func `a certificate's key that does not belong to it is refused when the context is made`() throws {
        #expect(throws: TLSError.self) { try parties.server(key: parties.member.key) }
        #expect(throws: TLSError.self) {
            try parties.client(identity: ([parties.member.certificate], parties.relay.key))
        }
    }

    @Test func `unusable settings are refused when the context is made`() throws {
        #expect(throws: TLSError.self) { try parties.server(chain: []) }
        #expect(throws: TLSError.self) { try parties.server(alpn: [""]) }
        #expect(throws: TLSError.self) { try parties.server(alpn: [String(repeating: "a", count: 256)]) }
        #expect(throws: TLSError.self) { try parties.client(trust: .roots([])) }
        #expect(throws: TLSError.self) { try parties.client(trust: .rootFingerprint([1, 2, 3])) }
        #expect(throws: TLSError.self) { try parties.client(serverName: "") }
        #expect(throws: TLSError.self) { try parties.client(serverName: "relay\0.test") }
        #expect(throws: TLSError.self) {
            try TLSContext(
                server: .init(
                    certificateChain: parties.relayChain, privateKey: parties.relay.key,
                    clientAuthentication: .required(issuers: [], isRevoked: { _ in false }), alpnProtocols: []))
        }
    }
}

extension TLSError {
    /// The alert that this side sent.
    var sentAlert: String? {
        switch self {
        case .handshakeFailed(let alert, _), .protocolViolation(let alert, _): alert
        default: nil
        }
    }
}
