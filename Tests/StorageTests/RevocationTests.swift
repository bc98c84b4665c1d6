import LessonModel
import Testing

@testable import Storage

@Suite struct RevocationTests {
    private static let hold = 6

    @Test func `a hold is taken back, becomes final by another reason, and is never put over a final one`() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let ana = try fixture.member()
        let certificates = (0..<3).map { _ in fixture.certificate() }
        for certificate in certificates {
            try store.recordCertificate(certificate, of: ana.member, audit: fixture.audit())
        }
        let final = try store.revokeCertificates(
            .fingerprint(certificates[0].fingerprint), reason: 1, audit: fixture.audit())
        let held = try store.revokeCertificates(.member(ana.member), reason: Self.hold, audit: fixture.audit())
        #expect(Set(held.certificates.map(\.issued)) == Set(certificates.dropFirst()))
        #expect(held.certificates.allSatisfy { $0.isOnHold })
        let again = try store.revokeCertificates(
            .fingerprint(certificates[1].fingerprint), reason: 4, audit: fixture.audit())
        #expect(again.certificates.map(\.issued) == [certificates[1]])
        let released = try store.releaseHold(.organisation(ana.organisation), audit: fixture.audit())
        #expect(released.map(\.issued) == [certificates[2]])
        #expect(try store.releaseHold(.member(ana.member), audit: fixture.audit()).isEmpty)
        let stored = try store.certificates(fingerprints: certificates.map(\.fingerprint))
        #expect(stored.map { $0.revocation?.reason } == [1, 4, nil])
        #expect(stored[0].revocation == final.certificates[0].revocation)
        #expect(throws: StorageError.self) { try store.releaseHold(.fingerprint([1]), audit: fixture.audit()) }
        let details = try store.audit(limit: 100).map(\.detail)
        #expect(details.contains { $0.contains(Hex.text(of: certificates[2].fingerprint)) })
    }

    @Test func `a revocation withdraws the invitations that would undo it, in the same transaction, and no others`()
        throws
    {
        let fixture = try Fixture()
        let store = fixture.store
        let ana = try fixture.member()
        let ben = try fixture.member()
        let other = try fixture.member(of: "ngo-it")
        let certificate = fixture.certificate()
        try store.recordCertificate(certificate, of: ana.member, audit: fixture.audit())
        func invite(_ token: UInt8, _ home: Viewer, device: MemberID? = nil, by: MemberID? = nil) throws -> Int64 {
            let terms = InvitationTerms(
                organisation: home.organisation, memberName: "N", memberKind: .person, roles: [.contributor],
                existingMember: device, createdBy: by, createdAt: fixture.time, expiresAt: fixture.time + 10_000_000)
            return try store.addInvitation(
                tokenHash: [UInt8](repeating: token, count: 32), terms: terms, audit: fixture.audit()
            ).id
        }
        let device = try invite(1, ana, device: ana.member)
        let made = try invite(2, ana, by: ana.member)
        let elsewhere = try invite(3, other, by: ben.member)
        let free = try invite(4, other)
        let one = try store.revokeCertificates(
            .fingerprint(certificate.fingerprint), reason: 0, audit: fixture.audit())
        #expect(one.withdrawnInvitations == [device])
        let two = try store.revokeCertificates(.member(ana.member), reason: 0, audit: fixture.audit())
        #expect(two.withdrawnInvitations == [made])
        let three = try store.revokeCertificates(.organisation(ana.organisation), reason: 0, audit: fixture.audit())
        #expect(three.withdrawnInvitations == [elsewhere])
        #expect(try store.invitations(InvitationQuery(openAt: fixture.time)).map(\.id) == [free])
        #expect(try store.audit(limit: 100).count { $0.action == "invitation.revoke" } == 3)
    }

    @Test func `a removed organisation leaves its rows and nothing else, and what it took along stays`() throws {
        let fixture = try Fixture()
        let store = fixture.store
        let ana = try fixture.member()
        let ngo = try fixture.member(of: "ngo-it")
        let certificate = fixture.certificate()
        try store.recordCertificate(certificate, of: ana.member, audit: fixture.audit())
        try store.setClients(of: ngo.organisation, to: [ana.organisation], audit: fixture.audit())
        try store.saveSubscription(
            member: ana.member, durable: "desk", filters: [SubscriptionFilter(topics: [try TopicFilter("#")])],
            start: .after(0), at: fixture.tick())
        let lesson = fixture.lesson(by: ana)
        try fixture.append(lesson)
        let outcome = try store.remove(.organisation(ana.organisation), audit: fixture.audit("organisation.remove"))
        #expect(outcome.memberCount == 1)
        #expect(outcome.certificates.map(\.revocation?.reason) == [5])
        try fixture.reopen()
        #expect(try fixture.store.organisation(ana.organisation) == nil)
        #expect(try fixture.store.organisations().map(\.clients) == [[]])
        #expect(try fixture.store.member(ana.member) == nil)
        #expect(try fixture.store.memberNames([ana.member]) == [ana.member: "Somebody"])
        #expect(try fixture.store.subscriptions(member: ana.member).isEmpty)
        #expect(try fixture.store.posts(ids: [lesson.id], viewer: ngo).count == 1)
        #expect(throws: StorageError.self) {
            try fixture.store.recordCertificate(fixture.certificate(), of: ana.member, audit: fixture.audit())
        }
        #expect(throws: StorageError.self) {
            try fixture.store.addOrganisation(
                Organisation(slug: ana.organisation, name: "Again", country: nil, kind: .other), audit: fixture.audit())
        }
        #expect(throws: StorageError.self) {
            try fixture.store.addMember(
                Member(id: ana.member, organisation: ngo.organisation, name: "Again", kind: .person, roles: [.reader]),
                audit: fixture.audit())
        }
        #expect(throws: StorageError.notFound("organisation police-al")) {
            try fixture.store.remove(.organisation(ana.organisation), audit: fixture.audit())
        }
        #expect(try fixture.store.integrityProblems().isEmpty)
        #expect(try fixture.store.verifyAuditChain().firstBroken == nil)
    }

    @Test func `the way back is open while the member holds no certificate that could be used, and then closed`() throws
    {
        let fixture = try Fixture()
        let store = fixture.store
        let ana = try fixture.member()
        let ends = fixture.time / 1_000 + 10_000
        try store.recordCertificate(fixture.certificate(notAfter: ends), of: ana.member, audit: fixture.audit())
        let terms = InvitationTerms(
            organisation: ana.organisation, memberName: "Ana", memberKind: .person, roles: [.contributor],
            existingMember: ana.member, isWayBack: true, createdAt: fixture.time,
            expiresAt: fixture.time + 100_000_000)
        let tokens = (1...2).map { [UInt8](repeating: UInt8($0), count: 32) }
        for token in tokens { _ = try store.addInvitation(tokenHash: token, terms: terms, audit: fixture.audit()) }
        func redeem(_ token: [UInt8], at time: Milliseconds) throws(StorageError) {
            _ = try store.redeemInvitation(tokenHash: token, now: time, newMember: fixture.memberID()) { _, _ in
                fixture.certificate(notAfter: ends + 100_000)
            }
        }
        let after = ends * 1_000
        #expect(try store.mayConnect(ana.member, at: after - 1_000))
        #expect(try !store.mayConnect(ana.member, at: after))
        #expect(throws: StorageError.invitation(.memberIsBack)) { try redeem(tokens[0], at: after - 1_000) }
        _ = try store.revokeCertificates(.member(ana.member), reason: Self.hold, audit: fixture.audit())
        #expect(try store.mayConnect(ana.member, at: after - 1_000))
        _ = try store.releaseHold(.member(ana.member), audit: fixture.audit())
        let late = tokens.map { $0.map { $0 + 10 } }
        for token in late { _ = try store.addInvitation(tokenHash: token, terms: terms, audit: fixture.audit()) }
        try redeem(late[0], at: after)
        #expect(throws: StorageError.invitation(.memberIsBack)) { try redeem(late[1], at: after) }
    }
}

extension Fixture {
    func certificate(notAfter: Int64 = 1_800_000_000) -> IssuedCertificate {
        IssuedCertificate(
            fingerprint: bytes(32), issuerKeyID: [1, 2, 3], serial: bytes(16), der: bytes(400),
            notBeforeSeconds: 1_700_000_000, notAfterSeconds: notAfter)
    }
}
