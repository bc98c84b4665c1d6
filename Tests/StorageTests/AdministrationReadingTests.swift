import LessonModel
import Testing

@testable import Storage

@Suite struct AdministrationReadingTests {
    @Test func `the last relay administrator who can connect is kept, and a relay without one may be changed`() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let first = try fixture.member(of: "first", roles: [.relayAdministrator])
        let second = try fixture.member(of: "second", roles: [.relayAdministrator])
        // Nobody has a certificate yet, so there is nobody to lose.
        try store.setSuspended(true, member: first.member, audit: fixture.audit())
        try store.setSuspended(false, member: first.member, audit: fixture.audit())
        #expect(try !store.hasRelayAdministrator(at: fixture.time))
        try issue(fixture, to: first.member, notAfter: fixture.time / 1_000 + 86_400)
        try issue(fixture, to: second.member, notAfter: fixture.time / 1_000 + 60)
        #expect(try store.hasRelayAdministrator(at: fixture.time, except: first.member))
        #expect(try !store.hasRelayAdministrator(at: fixture.time + 120_000, except: first.member))
        #expect(try !store.hasRelayAdministrator(at: fixture.time, except: first.member, outside: second.organisation))

        try store.setSuspended(true, organisation: second.organisation, audit: fixture.audit())
        let entries = try store.audit(AuditQuery(limit: 100)).records.count
        #expect(throws: StorageError.lastRelayAdministrator) {
            try store.setSuspended(true, organisation: first.organisation, audit: fixture.audit())
        }
        #expect(throws: StorageError.lastRelayAdministrator) {
            try store.setRoles([.curator], of: first.member, audit: fixture.audit())
        }
        #expect(throws: StorageError.lastRelayAdministrator) {
            try store.revokeCertificates(.member(first.member), reason: 0, audit: fixture.audit())
        }
        #expect(try store.organisation(first.organisation)?.isSuspended == false)
        #expect(try store.member(first.member)?.roles == [.relayAdministrator])
        #expect(try store.certificates(of: first.member).allSatisfy { $0.revocation == nil })
        #expect(try store.audit(AuditQuery(limit: 100)).records.count == entries)
    }

    @Test func `the audit log is read by page, size and organisation, and a detail that is no JSON hides nothing else`()
        throws
    {
        let fixture = try Fixture()
        let store = fixture.store
        let ours = try fixture.member(of: "ours")
        let theirs = try fixture.member(of: "theirs")
        func record(_ action: String, by viewer: Viewer, _ detail: [String: String] = [:]) throws {
            var entry = fixture.audit(action, actor: .member(viewer.member, certificate: nil))
            entry.detail = detail
            try store.record(entry)
        }
        try record("a.own", by: ours)
        try record("a.foreign", by: theirs)
        try record("b.onUs", by: theirs, ["organisation": "ours"])
        try record("b.onThem", by: ours, ["organisation": "theirs"])
        let slug = ours.organisation
        #expect(
            try store.audit(AuditQuery(organisation: slug, limit: 10)).records.map(\.action) == ["b.onUs", "a.own"])
        #expect(
            try store.audit(AuditQuery(actionPattern: "b.*", actor: ours.member.description, limit: 10)).records
                .map(\.action) == ["b.onThem"])
        let page = try store.audit(AuditQuery(limit: 2))
        #expect(page.records.map(\.action) == ["b.onThem", "b.onUs"])
        #expect(page.more)
        let small = try store.audit(AuditQuery(limit: 10, maxBytes: 1))
        #expect(small.records.count == 1)
        #expect(small.more)
        let all = try store.audit(AuditQuery(limit: 1_000))
        #expect(!all.more)
        #expect(all.records.map(\.sequence) == all.records.map(\.sequence).sorted(by: >))

        try store.write { db in
            try db.run("DROP TRIGGER audit_is_never_changed")
            try db.run("UPDATE audit SET detail = 'no JSON' WHERE action = 'b.onUs'")
        }
        #expect(
            try store.audit(AuditQuery(organisation: slug, limit: 10)).records.map(\.action) == ["b.onUs", "a.own"])
    }

    private func issue(_ fixture: Fixture, to member: MemberID, notAfter: Int64) throws {
        try fixture.store.recordCertificate(
            IssuedCertificate(
                fingerprint: fixture.bytes(32), issuerKeyID: fixture.bytes(20), serial: fixture.bytes(16),
                der: fixture.bytes(64), notBeforeSeconds: 0, notAfterSeconds: notAfter),
            of: member, audit: fixture.audit())
    }
}
