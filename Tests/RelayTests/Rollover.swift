import LessonModel
import PKI
import Relay
import RelayClient
import RelayTestSupport
import Testing
import Wire

/// The steps of a rollover in tests, with the root at hand.
extension TestRelay {
    static let rootPassphrase = Array("correct horse battery".utf8)

    var ceremony: AuthorityCeremony { AuthorityCeremony(home) }

    /// Requests, signs and imports the next issuing certificate.
    @discardableResult
    func importNextIssuer() throws -> Int {
        let request = try ceremony.request(domain: configuration.domain, passphrase: nil)
        let signed = try OfflineRoot.sign(
            request: request.pem, rootCertificate: home.authority.root().pem, rootKeyPath: home.rootKeyPath,
            passphrase: TestRelay.rootPassphrase, publicationURL: nil, now: clock.now)
        return try ceremony.accept(pem: signed.pem, passphrase: nil, now: clock.now)
    }

    /// Imports the next issuing certificate, lets it sign, and has the relay read that.
    func rollOver() async throws {
        try importNextIssuer()
        _ = try ceremony.activate(nil, passphrase: nil, now: clock.now)
        try await server.reload()
    }

    func renew(_ identity: ClientIdentity) async throws -> ClientIdentity {
        let connection = try await connect(identity)
        let renewed = try await Enrolment.renew(identity, over: connection, now: clock.now / 1_000)
        await connection.close()
        return renewed
    }

    func status() async throws -> WireStatus {
        try await status(as: admin)
    }

    func status(as identity: ClientIdentity) async throws -> WireStatus {
        let connection = try await connect(identity)
        let status = try await connection.status()
        await connection.close()
        return status
    }

    /// The actions of the audit log that begin with `prefix`, oldest first.
    func actions(_ prefix: String, as identity: ClientIdentity) async throws -> [String] {
        let connection = try await connect(identity)
        var request = WireListAudit()
        request.action = prefix + "*"
        let page = try await connection.audit(request)
        await connection.close()
        return page.entries.sorted { $0.sequence < $1.sequence }.map(\.action)
    }
}

extension ClientIdentity {
    var issuerName: String? { chain.dropFirst().first?.commonName }
}

extension RelayConnection {
    /// Nothing is kept; the relay is asked.
    var certificateSource: CertificateSource {
        CertificateSource(fetch: { fingerprints async throws(ClientError) in
            try await self.certificates(fingerprints)
        })
    }

    /// Why the relay has ended the session.
    func goodbye() async -> WireErrorCode? {
        var reason: WireErrorCode?
        while let event = await events.next() {
            if case .goaway(let code, _, _) = event { reason = code }
        }
        return reason
    }
}
