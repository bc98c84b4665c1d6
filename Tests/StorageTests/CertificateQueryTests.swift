import GRDB
import LessonModel
import TestSupport
import Testing

@testable import Storage

@Suite struct CertificateQueryTests {
    private static let names = ["Ana", "ana Beridze", "Ören Ağa", "ören", "Олег", "олег 2", "Desk 0a1", "abc"]

    /// Some certificates of some members of two organisations in every state, many with the same end.
    private func filled(_ fixture: Fixture) throws -> [CertificateRow] {
        var rows: [CertificateRow] = []
        let now = fixture.time / 1_000
        for slug in ["ours", "theirs"] {
            for name in Self.names {
                let member = try fixture.member(of: slug, name: name)
                for _ in 0..<4 {
                    let certificate = fixture.certificate(
                        notAfter: now + Int64.random(in: -5...5, using: &fixture.random) * 1_000)
                    try fixture.store.recordCertificate(certificate, of: member.member, audit: fixture.audit())
                    let reason: Int? = [nil, nil, 6, 1].randomElement(using: &fixture.random) ?? nil
                    if let reason {
                        _ = try fixture.store.revokeCertificates(
                            .fingerprint(certificate.fingerprint), reason: reason, audit: fixture.audit())
                    }
                    let stored = try #require(try fixture.store.certificate(fingerprint: certificate.fingerprint))
                    rows.append(
                        CertificateRow(certificate: stored, memberName: name, organisation: member.organisation))
                }
            }
        }
        return rows
    }

    @Test func `every query finds what a walk over all certificates finds, page by page`() throws {
        let fixture = try Fixture(seed: 11)
        let rows = try filled(fixture)
        let now = fixture.time
        var found = 0
        for _ in 0..<400 {
            let query = randomQuery(rows, &fixture.random, now: now)
            let expected = rows.filter { matches($0, query, now: now) }.sorted(by: isBefore)
            var place: CertificateQuery.Place?
            var seen: [CertificateRow] = []
            while true {
                var page = query
                page.after = place
                let next = try fixture.store.certificates(page, now: now)
                seen += next
                guard next.count == query.limit, let last = next.last else { break }
                place = CertificateQuery.Place(
                    notAfterSeconds: last.certificate.issued.notAfterSeconds,
                    fingerprint: last.certificate.issued.fingerprint)
            }
            #expect(seen == expected, "\(query)")
            found += seen.count
        }
        #expect(found > 1_000)
    }

    @Test func `a search that many match walks the order of the ends, and finds the same`() throws {
        let fixture = try Fixture(seed: 12)
        let store = fixture.store
        let first = try fixture.member(of: "ours", name: "somebody")
        let ends = fixture.time / 1_000 + 86_400
        try store.write { db in
            for index in 0..<600 {
                let id = fixture.memberID()
                let member = Member(
                    id: id, organisation: first.organisation, name: "Somebody \(index)", kind: .person, roles: [.reader]
                )
                try MembershipSQL.insert(member, at: 0, in: db)
                try CertificateSQL.insert(
                    fixture.certificate(notAfter: ends + Int64(index % 7)), of: id, at: 0, in: db)
            }
        }
        for state: CertificateState? in [nil, .valid] {
            for organisation: OrganisationSlug? in [nil, first.organisation] {
                let query = CertificateQuery(
                    organisation: organisation, search: "SOMEBODY", state: state, limit: 1_000)
                let found = try store.certificates(query, now: fixture.time)
                #expect(found.count == 600)
                #expect(found == found.sorted(by: isBefore))
            }
        }
        let few = try store.certificates(CertificateQuery(search: "somebody 59", limit: 100), now: fixture.time)
        #expect(few.count == 11)
    }

    @Test func `no walk reads the certificates themselves, or sorts`() throws {
        let fixture = try Fixture()
        let ana = try fixture.member(of: "ours", name: "ana")
        try fixture.store.recordCertificate(fixture.certificate(), of: ana.member, audit: fixture.audit())
        let plans = try fixture.store.read { db in
            try [
                "SELECT fingerprint FROM certificates INDEXED BY certificates_by_end WHERE not_after > 1 "
                    + "AND revoked_at IS NULL AND member = x'00' AND serial > x'00' ORDER BY not_after, fingerprint",
                "SELECT fingerprint FROM certificates INDEXED BY certificates_of_organisation WHERE organisation = 'o' "
                    + "AND revocation_reason = 6 AND member = x'00' AND serial > x'00' ORDER BY not_after, fingerprint",
                "SELECT max(not_after) FROM certificates WHERE member = x'00' AND revoked_at IS NULL",
                "SELECT id FROM members WHERE organisation = 'o' AND removed_at IS NULL AND id > x'00' ORDER BY id",
            ].map { sql in try db.all("EXPLAIN QUERY PLAN " + sql) { $0.text(3) }.joined(separator: "; ") }
        }
        for plan in plans {
            #expect(plan.contains("COVERING INDEX"), "\(plan)")
            #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
        }
    }

    // MARK: The rule, plainly

    private func matches(_ row: CertificateRow, _ query: CertificateQuery, now: Milliseconds) -> Bool {
        let issued = row.certificate.issued
        let hasEnded = issued.notAfterSeconds <= now / 1_000
        let state: CertificateState =
            if row.certificate.isOnHold {
                .onHold
            } else if row.certificate.revocation != nil {
                .revoked
            } else {
                hasEnded ? .expired : .valid
            }
        let digits = query.search.lowercased()
        let isFound =
            query.search.isEmpty || row.memberName.lowercased().contains(query.search.lowercased())
            || Hex.text(of: issued.fingerprint).hasPrefix(digits) || Hex.text(of: issued.serial).hasPrefix(digits)
        return isFound && (query.organisation == nil || query.organisation == row.organisation)
            && (query.member == nil || query.member == row.certificate.member)
            && (query.state == nil || query.state == state)
            && issued.notAfterSeconds >= query.endsFrom ?? .min && issued.notAfterSeconds < query.endsBefore ?? .max
    }

    private func isBefore(_ left: CertificateRow, _ right: CertificateRow) -> Bool {
        let (a, b) = (left.certificate.issued, right.certificate.issued)
        guard a.notAfterSeconds == b.notAfterSeconds else { return a.notAfterSeconds < b.notAfterSeconds }
        return a.fingerprint.lexicographicallyPrecedes(b.fingerprint)
    }

    private func randomQuery(
        _ rows: [CertificateRow], _ random: inout SeededRandom, now: Milliseconds
    ) -> CertificateQuery {
        func maybe<Value>(_ value: @autoclosure () -> Value?) -> Value? {
            Bool.random(using: &random) ? value() : nil
        }
        let row = rows.randomElement(using: &random)
        let issued = row?.certificate.issued
        let texts = [
            "", "ANA", "ören", "ОЛЕГ", "a", "abc", "0a1", "nobody",
            String(Hex.text(of: issued?.fingerprint ?? []).prefix(Int.random(in: 1...64, using: &random))),
            String(Hex.text(of: issued?.serial ?? []).prefix(Int.random(in: 1...32, using: &random))).uppercased(),
        ]
        let time = now / 1_000 + Int64.random(in: -5...5, using: &random) * 1_000
        return CertificateQuery(
            organisation: maybe(row?.organisation), member: maybe(maybe(row?.certificate.member)),
            search: texts.randomElement(using: &random) ?? "",
            state: maybe([.valid, .expired, .revoked, .onHold].randomElement(using: &random)),
            endsFrom: maybe(maybe(time)), endsBefore: maybe(maybe(time + 3_000)),
            limit: Int.random(in: 1...40, using: &random))
    }
}
