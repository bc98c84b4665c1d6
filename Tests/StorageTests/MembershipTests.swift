import LessonModel
import Testing

@testable import Storage

struct MembershipTests {
    private func certificate(_ fixture: Fixture, notAfter: Int64 = 1_800_000_000) -> IssuedCertificate {
        IssuedCertificate(
            fingerprint: fixture.bytes(32), issuerKeyID: [1, 2, 3], serial: fixture.bytes(16), der: fixture.bytes(400),
            notBeforeSeconds: 1_790_000_000, notAfterSeconds: notAfter)
    }

    private func invitation(
        _ fixture: Fixture, token: UInt8 = 7, existing: MemberID? = nil, organisation: String = "police-al",
        roles: Set<Role> = [.contributor, .organisationAdministrator], by maker: MemberID? = nil
    ) throws -> Invitation {
        let terms = InvitationTerms(
            organisation: try fixture.slugValue(organisation), memberName: "Ana", memberKind: .person,
            roles: roles, existingMember: existing, createdBy: maker, createdAt: fixture.time,
            expiresAt: fixture.time + 1_000_000)
        return try fixture.store.addInvitation(
            tokenHash: [UInt8](repeating: token, count: 32), terms: terms, audit: fixture.audit())
    }

    @Test func `organisations and members come back as they were added and changed`() throws {
        let fixture = try Fixture()
        let slug = try fixture.slugValue("mission-skopje")
        var organisation = Organisation(slug: slug, name: "Mission to Skopje", country: nil, kind: .international)
        try fixture.store.addOrganisation(organisation, audit: fixture.audit())
        #expect(throws: StorageError.alreadyExists("the organisation mission-skopje")) {
            try fixture.store.addOrganisation(organisation, audit: fixture.audit())
        }
        let viewer = try fixture.member(of: "mission-skopje", roles: [.reader, .relayAdministrator])
        try fixture.store.setSuspended(true, organisation: slug, audit: fixture.audit())
        try fixture.store.setSuspended(true, member: viewer.member, audit: fixture.audit())
        try fixture.store.setRoles(Set(Role.allCases), of: viewer.member, audit: fixture.audit())
        organisation.isSuspended = true
        #expect(try fixture.store.organisations() == [organisation])
        let member = try #require(try fixture.store.member(viewer.member))
        #expect(member.isSuspended)
        #expect(member.roles == Set(Role.allCases))
        let unknown = fixture.memberID()
        #expect(throws: StorageError.notFound("member \(unknown)")) {
            try fixture.store.setRoles([], of: unknown, audit: fixture.audit())
        }
        let nobody = try fixture.slugValue("nobody")
        #expect(throws: StorageError.notFound("organisation nobody")) {
            try fixture.store.setClients(of: slug, to: [nobody], audit: fixture.audit())
        }
    }

    @Test func `an invitation is worth no more than the one who made it may still give`() throws {
        let fixture = try Fixture()
        let chief = try fixture.member(roles: [.organisationAdministrator])
        let other = try fixture.member(of: "media-de", roles: [.organisationAdministrator])
        let relay = try fixture.member(of: "osce", roles: [.relayAdministrator])
        var token: UInt8 = 0
        func redeemed(_ roles: Set<Role>, by maker: Viewer, existing: MemberID? = nil) throws -> StorageError? {
            token += 1
            _ = try invitation(fixture, token: token, existing: existing, roles: roles, by: maker.member)
            do throws(StorageError) {
                _ = try fixture.store.redeemInvitation(
                    tokenHash: [UInt8](repeating: token, count: 32), now: fixture.time, newMember: fixture.memberID()
                ) { _, _ in certificate(fixture) }
                return nil
            } catch {
                return error
            }
        }
        let left = StorageError.invitation(.makerLeft)
        #expect(try redeemed([.contributor], by: chief) == nil)
        #expect(try redeemed([.curator], by: chief) == left)
        #expect(try redeemed([.relayAdministrator], by: chief) == left)
        #expect(try redeemed([.contributor], by: other) == left)
        #expect(try redeemed([.relayAdministrator], by: relay) == nil)
        try fixture.store.setRoles([.contributor], of: chief.member, audit: fixture.audit())
        #expect(try redeemed([.contributor], by: chief) == left)
        #expect(try redeemed([.contributor], by: chief, existing: chief.member) == nil, "a device of their own")
        try fixture.store.setSuspended(true, member: relay.member, audit: fixture.audit())
        #expect(try redeemed([.contributor], by: relay) == left)
    }

    @Test func `invitations for further devices do not give more certificates than a member may hold`() throws {
        let fixture = try Fixture()
        let member = try fixture.member()
        for token in 1...UInt8(RelayStore.maxCertificatesPerMember + 1) {
            _ = try invitation(fixture, token: token, existing: member.member, by: member.member)
            func redeem() throws(StorageError) {
                _ = try fixture.store.redeemInvitation(
                    tokenHash: [UInt8](repeating: token, count: 32), now: fixture.time, newMember: fixture.memberID()
                ) { _, _ in certificate(fixture) }
            }
            guard token > RelayStore.maxCertificatesPerMember else {
                try redeem()
                continue
            }
            let error = #expect(throws: StorageError.self) { try redeem() }
            #expect(error?.description.contains("holds 32 certificates") == true)
        }
        #expect(try fixture.store.certificates(of: member.member).count == RelayStore.maxCertificatesPerMember)
    }

    @Test func `an invitation makes a member with a certificate, once`() throws {
        let fixture = try Fixture()
        _ = try fixture.member()
        let invited = try invitation(fixture)
        let issued = certificate(fixture)
        let id = fixture.memberID()
        let token = [UInt8](repeating: 7, count: 32)
        let redemption = try fixture.store.redeemInvitation(tokenHash: token, now: fixture.time, newMember: id) {
            #expect($0 == invited)
            #expect($1 == id)
            return issued
        }
        #expect(redemption.member.id == id)
        #expect(redemption.member.roles == [.contributor, .organisationAdministrator])
        #expect(try fixture.store.certificate(fingerprint: issued.fingerprint)?.member == id)
        #expect(throws: StorageError.invitation(.used)) {
            try fixture.store.redeemInvitation(tokenHash: token, now: fixture.time, newMember: fixture.memberID()) {
                _, _ in issued
            }
        }
        #expect(throws: StorageError.invitation(.used)) {
            try fixture.store.revokeInvitation(invited.id, audit: fixture.audit())
        }
        #expect(try fixture.store.invitations().map(\.redeemedBy) == [id])
        #expect(try fixture.store.audit(limit: 100).last?.action == "invitation.redeem")
    }

    @Test func `unknown, expired, withdrawn and suspended invitations are told apart`() throws {
        let fixture = try Fixture()
        let inside = try fixture.member()
        let invited = try invitation(fixture)
        let further = try invitation(fixture, token: 8, existing: inside.member)
        func redeem(_ token: UInt8, at time: Milliseconds) -> StorageError? {
            do {
                _ = try fixture.store.redeemInvitation(
                    tokenHash: [UInt8](repeating: token, count: 32), now: time, newMember: fixture.memberID()
                ) { _, _ in certificate(fixture) }
                return nil
            } catch { return error }
        }
        #expect(redeem(9, at: fixture.time) == .invitation(.unknown))
        #expect(redeem(7, at: invited.terms.expiresAt) == .invitation(.expired))
        try fixture.store.setSuspended(true, member: inside.member, audit: fixture.audit())
        #expect(redeem(8, at: fixture.time) == .invitation(.suspended))
        try fixture.store.setSuspended(true, organisation: inside.organisation, audit: fixture.audit())
        #expect(redeem(7, at: fixture.time) == .invitation(.suspended))
        try fixture.store.setSuspended(false, organisation: inside.organisation, audit: fixture.audit())
        try fixture.store.revokeInvitation(invited.id, audit: fixture.audit())
        #expect(redeem(7, at: fixture.time) == .invitation(.revoked))
        try fixture.store.setSuspended(false, member: inside.member, audit: fixture.audit())
        #expect(redeem(8, at: fixture.time) == nil)
        #expect(try fixture.store.certificates(of: inside.member).count == 1)
        #expect(try fixture.store.invitations().map(\.id) == [further.id, invited.id])
    }

    @Test func `a failure to issue spends nothing`() throws {
        struct Broken: Error {}
        let fixture = try Fixture()
        _ = try fixture.member()
        _ = try invitation(fixture)
        let before = try fixture.store.memberRows(now: fixture.time)
        let token = [UInt8](repeating: 7, count: 32)
        #expect(throws: StorageError.issuing("Broken()")) {
            try fixture.store.redeemInvitation(tokenHash: token, now: fixture.time, newMember: fixture.memberID()) {
                _, _ in throw Broken()
            }
        }
        #expect(try fixture.store.memberRows(now: fixture.time) == before)
        _ = try fixture.store.redeemInvitation(tokenHash: token, now: fixture.time, newMember: fixture.memberID()) {
            _, _ in certificate(fixture)
        }
    }

    @Test func `of racing redemptions one succeeds`() async throws {
        let fixture = try Fixture()
        _ = try fixture.member()
        _ = try invitation(fixture)
        let tries = (0..<8).map { _ in (fixture.memberID(), certificate(fixture)) }
        let (store, now) = (fixture.store, fixture.time)
        let outcomes = await withTaskGroup(of: StorageError?.self) { group in
            for (member, issued) in tries {
                group.addTask {
                    do throws(StorageError) {
                        _ = try store.redeemInvitation(
                            tokenHash: [UInt8](repeating: 7, count: 32), now: now, newMember: member
                        ) { _, _ in issued }
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .invitation(.used) } == 7)
        #expect(try store.memberRows(now: now).count == 2)
    }

    @Test func `a revocation by certificate, member or organisation keeps the first time and reason`() throws {
        let fixture = try Fixture()
        let ana = try fixture.member()
        let ben = try fixture.member()
        let issued = (0..<3).map { certificate(fixture, notAfter: 1_800_000_000 + Int64($0)) }
        try fixture.store.recordCertificate(issued[0], of: ana.member, audit: fixture.audit())
        try fixture.store.recordCertificate(issued[1], of: ana.member, audit: fixture.audit())
        try fixture.store.recordCertificate(issued[2], of: ben.member, audit: fixture.audit())
        #expect(throws: StorageError.self) {
            try fixture.store.recordCertificate(issued[2], of: ana.member, audit: fixture.audit())
        }
        let one = try fixture.store.revokeCertificates(
            .fingerprint(issued[0].fingerprint), reason: 1, audit: fixture.audit())
        #expect(one.certificates.map(\.issued) == [issued[0]])
        let row = try #require(try fixture.store.memberRows(now: fixture.time).first { $0.member.id == ana.member })
        #expect(row.certificateCount == 1)
        #expect(row.latestNotAfterSeconds == 1_800_000_001)
        let two = try fixture.store.revokeCertificates(.member(ana.member), reason: 4, audit: fixture.audit())
        #expect(two.certificates.map(\.issued) == [issued[1]])
        let three = try fixture.store.revokeCertificates(
            .organisation(ana.organisation), reason: 5, audit: fixture.audit())
        #expect(three.certificates.map(\.issued) == [issued[2]])
        #expect(
            try fixture.store.certificate(fingerprint: issued[0].fingerprint)?.revocation
                == one.certificates[0].revocation)
        #expect(
            try fixture.store.certificates(fingerprints: [issued[2].fingerprint, [9], issued[0].fingerprint])
                .map(\.revocation?.reason) == [5, 1])
        #expect(throws: StorageError.self) {
            try fixture.store.revokeCertificates(.fingerprint([1]), reason: 0, audit: fixture.audit())
        }
    }

    @Test func `the directory tells all of it at one instant`() throws {
        let fixture = try Fixture()
        let ana = try fixture.member()
        let ngo = try fixture.member(of: "ngo-it")
        try fixture.store.setClients(of: ana.organisation, to: [ngo.organisation], audit: fixture.audit())
        let (good, bad) = (certificate(fixture), certificate(fixture))
        try fixture.store.recordCertificate(good, of: ana.member, audit: fixture.audit())
        try fixture.store.recordCertificate(bad, of: ngo.member, audit: fixture.audit())
        _ = try fixture.store.revokeCertificates(.fingerprint(bad.fingerprint), reason: 9, audit: fixture.audit())
        try fixture.store.setArchived(true, topic: Fixture.topics[0], audit: fixture.audit())
        let old = certificate(fixture, notAfter: 1_700_000_000)
        try fixture.store.recordCertificate(old, of: ana.member, audit: fixture.audit())
        let directory = try items(fixture, .everything)
        let organisations = directory.compactMap { if case .organisation(let value) = $0 { value } else { nil } }
        #expect(organisations.first { $0.slug == ana.organisation }?.clients == [ngo.organisation])
        #expect(
            Set(directory.compactMap { if case .member(let value) = $0 { value.id } else { nil } })
                == [ana.member, ngo.member])
        #expect(
            Set(directory.compactMap { if case .topic(let value) = $0 { value } else { nil } })
                == Set(Fixture.topics.dropFirst()))
        let certificates = directory.compactMap { if case .certificate(let value) = $0 { value } else { nil } }
        #expect(Set(certificates.map(\.serial)) == [good.serial, bad.serial])
        #expect(certificates.first { $0.serial == good.serial }?.revocation == nil)
        #expect(certificates.first { $0.serial == bad.serial }?.revocation?.reason == 9)
        #expect(certificates.allSatisfy { $0.issuerKeyID == [1, 2, 3] })

        let everything = Set(directory)
        for scope: DirectoryScope in [
            .organisation(ana.organisation), .membersOf(ngo.organisation), .member(ana.member), .topics,
        ] {
            let part = try items(fixture, scope)
            #expect(!part.isEmpty)
            #expect(everything.isSuperset(of: part), "\(scope) reads what everything reads")
        }
        #expect(try items(fixture, .member(ana.member)).count == 2)
    }

    private func items(_ fixture: Fixture, _ scope: DirectoryScope) throws -> [DirectoryItem] {
        var items: [DirectoryItem] = []
        try fixture.store.readDirectory(scope, endingFrom: 1_750_000_000) { items.append($0) }
        return items
    }

    @Test func `durable subscriptions keep their filter and cursor, and are limited`() throws {
        let fixture = try Fixture()
        let ana = try fixture.member()
        try fixture.append(fixture.lesson(by: ana), fixture.lesson(by: ana), fixture.lesson(by: ana))
        let filter = SubscriptionFilter(
            topics: [try TopicFilter("policing/+"), try TopicFilter("!policing/reform")], countries: ["AL", "DE"],
            languages: ["en"], organisationKinds: [.media, .police], states: [.lessonLearned])
        func save(
            _ durable: String, _ filter: SubscriptionFilter, _ start: CursorStart
        ) throws(StorageError) -> SequenceNumber {
            try fixture.store.saveSubscription(
                member: ana.member, durable: durable, filters: [filter], start: start, at: fixture.tick()
            ).cursor
        }
        #expect(try save("desk", filter, .keep(orAfter: 2)) == 2)
        try fixture.reopen()
        #expect(try fixture.store.subscription(member: ana.member, durable: "desk")?.filters == [filter])
        let other = SubscriptionFilter(topics: [try TopicFilter("#")])
        #expect(try save("desk", other, .keep(orAfter: 0)) == 2)
        #expect(try save("desk", other, .after(1)) == 1)
        #expect(try save("desk", other, .after(99)) == 3)
        #expect(try save("desk", other, .after(.min)) == 0)
        for number in 1..<StoredSubscription.maxPerMember { _ = try save("d\(number)", other, .after(0)) }
        #expect(throws: StorageError.self) { try save("one too many", other, .after(0)) }
        #expect(try save("d1", filter, .after(0)) == 0)
        #expect(throws: StorageError.self) { try save("", other, .after(0)) }
        #expect(throws: StorageError.self) { try save(String(repeating: "ä", count: 33), other, .after(0)) }
        #expect(throws: StorageError.self) {
            try fixture.store.saveSubscription(
                member: fixture.memberID(), durable: "d", filters: [other], start: .after(0), at: 0)
        }
        #expect(try fixture.store.removeSubscription(member: ana.member, durable: "d1"))
        #expect(try !fixture.store.removeSubscription(member: ana.member, durable: "d1"))
        #expect(try fixture.store.subscriptions(member: ana.member).count == StoredSubscription.maxPerMember - 1)
    }

    @Test func `settings and topics are kept, and a known topic keeps its description`() throws {
        let fixture = try Fixture()
        #expect(try fixture.store.setting("relay_id") == nil)
        try fixture.store.setSetting("relay_id", to: "a")
        try fixture.store.setSetting("relay_id", to: "b", audit: fixture.audit())
        #expect(try fixture.store.setting("relay_id") == "b")
        let added = try fixture.store.addTopics(
            (Fixture.topics + [try #require(Topic("arms"))]).map { TopicDescription(topic: $0, description: "new") },
            audit: fixture.audit())
        #expect(added.map(\.path) == ["arms"])
        let viewer = try fixture.member()
        #expect(
            try fixture.store.topics(viewer: viewer).map(\.description) == [
                "new", "About cyber/cybercrime", "About media", "About policing/community", "About policing/reform",
            ])
    }
}
