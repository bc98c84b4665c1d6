import LessonModel
import Testing

@testable import Storage

@Suite struct AuthorityStorageTests {
    private let fixture: Fixture
    private let one = [UInt8](repeating: 1, count: 20)
    private let two = [UInt8](repeating: 2, count: 20)

    init() throws { fixture = try Fixture() }

    private func issuer(_ keyID: [UInt8], _ state: StoredIssuer.State) -> StoredIssuer {
        StoredIssuer(keyID: keyID, name: "CA \(keyID[0])", state: state)
    }

    private func note(_ issuers: [StoredIssuer]) throws -> Int {
        try fixture.store.note(issuers, reasons: [one: 2], now: fixture.tick())
    }

    /// Valid for a thousand seconds from the fixture's time on.
    private func certify(_ viewer: Viewer, by keyID: [UInt8], lifetime: Int64 = 1_000) throws -> [UInt8] {
        let fingerprint = fixture.bytes(32)
        let now = fixture.time / 1_000
        try fixture.store.recordCertificate(
            IssuedCertificate(
                fingerprint: fingerprint, issuerKeyID: keyID, serial: fixture.bytes(16), der: [1],
                notBeforeSeconds: now - 10, notAfterSeconds: now + lifetime),
            of: viewer.member, audit: fixture.audit())
        return fingerprint
    }

    private var actions: [String] {
        get throws {
            try fixture.store.audit(limit: 1_000).map(\.action).filter { $0.hasPrefix("authority") }
        }
    }

    @Test func `the first note is silent, and each change after it is told once`() throws {
        _ = try note([issuer(one, .signing)])
        _ = try note([issuer(one, .signing)])
        #expect(try actions == [])
        _ = try note([issuer(one, .signing), issuer(two, .accepted)])
        _ = try note([issuer(two, .signing), issuer(one, .accepted)])
        _ = try note([issuer(two, .signing), issuer(one, .accepted)])
        _ = try note([issuer(two, .signing), issuer(one, .retired)])
        #expect(try actions == ["authority.import", "authority.activate", "authority.retire"])
        #expect(try fixture.store.issuers().map(\.state.rawValue).sorted() == [2, 3])
        #expect(try fixture.store.verifyAuditChain().firstBroken == nil)
    }

    @Test func `a new one that signs at once is told as imported and activated`() throws {
        _ = try note([issuer(one, .signing)])
        _ = try note([issuer(two, .signing), issuer(one, .accepted)])
        #expect(try actions == ["authority.import", "authority.activate"])
    }

    @Test func `what relies on an issuer is counted without the revoked and the ended`() throws {
        let member = try fixture.member()
        _ = try certify(member, by: one)
        _ = try certify(member, by: one, lifetime: 5)
        let revoked = try certify(member, by: one)
        _ = try certify(member, by: two)
        _ = try fixture.store.revokeCertificates(.fingerprint(revoked), reason: 1, audit: fixture.audit())
        #expect(try fixture.store.certificatesInUse(now: fixture.time + 60_000) == [one: 1, two: 1])
    }

    @Test func `a retirement revokes what still relies on the issuer, and nothing else`() throws {
        let administrator = try fixture.member(of: "office", roles: [.relayAdministrator])
        let member = try fixture.member()
        _ = try certify(administrator, by: two)
        let old = try certify(member, by: one)
        let new = try certify(member, by: two)
        _ = try note([issuer(two, .signing), issuer(one, .accepted)])
        #expect(try note([issuer(two, .signing), issuer(one, .retired)]) == 1)
        #expect(try fixture.store.certificate(fingerprint: old)?.revocation?.reason == 2)
        #expect(try fixture.store.certificate(fingerprint: new)?.revocation == nil)
        #expect(try note([issuer(two, .signing), issuer(one, .retired)]) == 0)
    }

    @Test func `a retirement that would leave no relay administrator changes nothing`() throws {
        let administrator = try fixture.member(of: "office", roles: [.relayAdministrator])
        let only = try certify(administrator, by: one)
        _ = try note([issuer(two, .signing), issuer(one, .accepted)])
        #expect(throws: StorageError.lastRelayAdministrator) {
            try note([issuer(two, .signing), issuer(one, .retired)])
        }
        #expect(try fixture.store.certificate(fingerprint: only)?.revocation == nil)
        #expect(try actions == [])
        #expect(try fixture.store.issuers().contains(issuer(one, .accepted)))
    }
}
