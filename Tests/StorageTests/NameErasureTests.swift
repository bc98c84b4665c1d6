import Foundation
import GRDB
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Storage

@Suite struct NameErasureTests {
    private let fixture: Fixture
    private let administrator: Viewer
    private let gone: OrganisationSlug

    init() throws {
        fixture = try Fixture()
        administrator = try fixture.member(of: "osce-sec", roles: [.relayAdministrator])
        gone = try fixture.slugValue("gone")
        try store.recordCertificate(certificate(), of: administrator.member, audit: fixture.audit())
    }

    private var store: RelayStore { fixture.store }

    private func certificate(named name: String = "Ada") -> IssuedCertificate {
        let der = Array(name.utf8) + fixture.bytes(40)
        return IssuedCertificate(
            fingerprint: SHA256.digest(der), issuerKeyID: fixture.bytes(20), serial: fixture.bytes(16), der: der,
            notBeforeSeconds: 0, notAfterSeconds: 10_000_000_000)
    }

    private func audit(_ action: String, _ detail: [String: String]) -> AuditEntry {
        AuditEntry(at: fixture.tick(), actor: .host, action: action, detail: detail)
    }

    /// An organisation with a member whose certificate signed a post, and who has left.
    private func leave() throws -> (member: Viewer, certificate: IssuedCertificate) {
        let member = try fixture.member(of: "gone", name: "Xanthippe")
        try store.record(audit("member.change", ["organisation": "gone", "name": "Xanthippe", "roles": "reader"]))
        try store.record(
            audit("organisation.change", ["organisation": "gone", "name": "Gone", "contact": "Xanthippe"]))
        try store.record(audit("member.change", ["organisation": "osce-sec", "name": "Ada"]))
        let signing = certificate(named: "Xanthippe")
        try store.recordCertificate(signing, of: member.member, audit: fixture.audit())
        try store.recordCertificate(certificate(named: "Xanthippe"), of: member.member, audit: fixture.audit())
        var request = fixture.request(fixture.lesson(by: member))
        request.signed = SignedPost(
            content: request.signed.content, signature: request.signed.signature,
            certificateFingerprint: signing.fingerprint)
        _ = try store.append([request], receivedAt: fixture.tick())
        _ = try store.remove(.organisation(gone), audit: fixture.audit())
        return (member, signing)
    }

    @Test func `an organisation that has not left keeps its names`() throws {
        _ = try fixture.member(of: "gone", name: "Xanthippe")
        #expect(throws: StorageError.limit("gone has not left; names are erased after remove-organisation")) {
            try store.eraseNames(of: gone, replacements: [:], audit: fixture.audit())
        }
        #expect(throws: StorageError.notFound("organisation never")) {
            try store.eraseNames(of: fixture.slugValue("never"), replacements: [:], audit: fixture.audit())
        }
    }

    @Test func `names go from members, certificates and audit entries, and nothing else does`() throws {
        let (member, signing) = try leave()
        #expect(try store.certificatesInUse(of: gone).map(\.issued.fingerprint) == [signing.fingerprint])
        let replacement = certificate(named: "nobody")
        let erasure = try store.eraseNames(
            of: gone, replacements: [signing.fingerprint: replacement], audit: fixture.audit())
        #expect(erasure == NameErasure(members: 1, certificates: 2, withoutReplacement: 0, auditEntries: 2))
        let again = try store.eraseNames(of: gone, replacements: [:], audit: fixture.audit())
        #expect(again == NameErasure(members: 0, certificates: 0, withoutReplacement: 0, auditEntries: 0))
        #expect(try store.memberNames([member.member]) == [member.member: RelayStore.erasedName])
        let shown = try #require(try store.certificate(fingerprint: signing.fingerprint))
        #expect(shown.issued.der == replacement.der && shown.revocation != nil)
        #expect(try store.certificate(fingerprint: replacement.fingerprint)?.revocation == shown.revocation)
        let entries = try store.audit(limit: 1_000).filter { $0.erasedBy != nil }
        #expect(entries.map(\.action) == ["member.change", "organisation.change"])
        #expect(entries[1].detail.contains("Gone") && !entries[1].detail.contains("Xanthippe"))
        #expect(try store.audit(limit: 1_000).contains { $0.detail.contains("Ada") })
        #expect(try store.verifyAuditChain().firstBroken == nil)
        try store.purgeErasedWords()
        #expect(!(try bytes().contains("Xanthippe")))
        #expect(try store.integrityProblems() == [])
    }

    @Test func `a post whose certificate cannot be replaced is counted`() throws {
        _ = try leave()
        let erasure = try store.eraseNames(of: gone, replacements: [:], audit: fixture.audit())
        #expect(erasure.withoutReplacement == 1)
    }

    @Test
    func `an entry that is called erased without the act that says so breaks the chain, and so does a changed act`()
        throws
    {
        _ = try leave()
        _ = try store.eraseNames(of: gone, replacements: [:], audit: fixture.audit())
        let act = try #require(try store.audit(limit: 1_000).last { $0.action == "names.erase" })
        let others = try store.audit(limit: 1_000).filter { $0.erasedBy == nil && $0.sequence < act.sequence }
        let other = try #require(others.last)
        try store.change(
            "UPDATE audit SET detail = '{}', erased_by = \(act.sequence) WHERE sequence = \(other.sequence)")
        #expect(try store.verifyAuditChain().firstBroken == other.sequence)
        try store.change("DROP TRIGGER audit_is_never_changed")
        try store.change(
            """
            UPDATE audit SET detail = json_set(detail, '$.entries', '1-\(act.sequence)') WHERE sequence = \(act.sequence)
            """)
        #expect(try store.verifyAuditChain().firstBroken != nil)
    }

    @Test func `the entries of an act are told as ranges`() {
        #expect(ErasedEntries([3, 7, 12, 13, 14]).text == "3 7 12-14")
        let read = ErasedEntries(detail: #"{"entries":"3 7 12-14"}"#)
        #expect((1...20).filter { read?.contains($0) == true } == [3, 7, 12, 13, 14])
        #expect(ErasedEntries(detail: #"{"entries":"9-1"}"#) == nil)
    }

    private func bytes() throws -> String {
        ["relay.sqlite", "relay.sqlite-wal"].map { name in
            (try? String(decoding: Data(contentsOf: URL(filePath: fixture.directory.path + "/" + name)), as: UTF8.self))
                ?? ""
        }.joined()
    }
}

extension RelayStore {
    /// Somebody else's change to the database.
    fileprivate func change(_ sql: String) throws { try write { db in try db.execute(sql: sql) } }
}
