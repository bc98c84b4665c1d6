import GRDB
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Storage

@Suite struct MembershipMigrationTests {
    @Test func `a database of the first version keeps its members, certificates and audit, found by the new ways`()
        throws
    {
        let directory = try TemporaryDirectory()
        let member = MemberID(UUIDValue(high: 1, low: 2))
        do {
            let pool = try DatabasePool(path: directory.file(RelayStore.fileName))
            try RelaySchema.migrator.migrate(pool, upTo: "v1")
            try pool.write { db in
                try db.run("INSERT INTO organisations VALUES ('ours', 'Ours', 'AL', 1, 0, 5)")
                try db.run(
                    "INSERT INTO members VALUES (?, 'ours', 'ÖREN', 1, 4, 0, 6)", [.id(member)])
                try db.run(
                    """
                    INSERT INTO certificates VALUES (x'0A', ?, x'01', x'02', x'03', 100, 2000, 7, NULL, NULL)
                    """, [.id(member)])
                for (number, actor, detail) in [
                    (1, "host", #"{"organisation":"ours"}"#), (2, member.description, "{}"), (3, "host", "{}"),
                    (4, member.description, #"{"organisation":"theirs"}"#),
                ] {
                    try db.run(
                        "INSERT INTO audit VALUES (?, 8, ?, NULL, 'test', ?, x'00', x'00')",
                        [.integer(number), .text(actor), .text(detail)])
                }
            }
            try pool.close()
        }
        let store = try RelayStore(directory: directory.path)
        let slug = try #require(OrganisationSlug("ours"))
        #expect(try store.organisation(slug)?.contact == "")
        let kept = try #require(try store.member(member))
        #expect(kept.roles == [.contributor])
        #expect(kept.curatedTopics.isEmpty)
        #expect(try store.members(MemberQuery(search: "ören")) == [kept])
        let found = try store.certificates(CertificateQuery(organisation: slug, search: "ören", limit: 9), now: 0)
        #expect(found.map(\.certificate.issued.fingerprint) == [[0x0A]])
        #expect(try store.audit(AuditQuery(organisation: slug, limit: 9)).records.map(\.sequence) == [2, 1])
        // The audit entries above have made-up hashes.
        #expect(try store.integrityProblems().allSatisfy { $0.contains("audit") })
    }
}
