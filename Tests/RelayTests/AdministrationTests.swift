import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

@Suite struct AdministrationTests {
    // MARK: Suspension

    @Test
    func
        `a suspended organisation's sessions end with the reason, new ones and its invitations are refused, until it is resumed`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let other = try await relay.organisation("other")
            let session = try await relay.connect(member)
            let otherSession = try await relay.connect(other)
            let invitation = try await relay.invite("ours", "Ina", [.contributor])
            let admin = try await relay.connect(relay.admin)

            #expect(try await admin.setSuspended(true, organisation: slug("ours")) == 1)
            #expect(await session.end() == .organisationSuspended)
            #expect(await relay.refusal(of: member) == .organisationSuspended)
            await #expect { _ = try await relay.join(invitation) } throws: { error in
                (error as? ClientError)?.code == .organisationSuspended
            }
            #expect(try await otherSession.publish(other.lesson("Others go on").signed).sequence == 1)
            #expect(try await admin.organisations().first { $0.slug == "ours" }?.suspended == true)

            #expect(try await admin.setSuspended(false, organisation: slug("ours")) == 0)
            let again = try await relay.connect(member)
            #expect(try await again.publish(member.lesson("Back").signed).sequence == 2)
            _ = try await relay.join(invitation)
            for connection in [otherSession, admin, again] { await connection.close() }
        }
    }

    @Test func `an organisation administrator suspends a member of their own, and the others stay`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let bad = try await relay.member(of: "ours", name: "Bad")
            let good = try await relay.member(of: "ours", name: "Good")
            let badSession = try await relay.connect(bad)
            let goodSession = try await relay.connect(good)
            let connection = try await relay.connect(chief)
            #expect(try await connection.setSuspended(true, member: bad.member.id) == 1)
            #expect(await badSession.end() == .memberSuspended)
            #expect(await relay.refusal(of: bad) == .memberSuspended)
            #expect(try await goodSession.publish(good.lesson("Still here").signed).sequence == 1)
            try await connection.setSuspended(false, member: bad.member.id)
            await (try relay.connect(bad)).close()
            for connection in [goodSession, connection] { await connection.close() }
        }
    }

    @Test func `a suspension outlives a restart`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let admin = try await relay.connect(relay.admin)
            try await admin.setSuspended(true, member: member.member.id)
            await admin.close()
            try await relay.restart()
            #expect(await relay.refusal(of: member) == .memberSuspended)
        }
    }

    @Test func `a post that was on its way when its author was suspended is refused and may be sent again`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let membership = relay.server.membership
            let fingerprint = try #require(member.certificate).fingerprint
            let before = try membership.principal(member.member.id, fingerprint).get()
            let check = PostVerification(membership: membership, limits: RelayLimits())
            let post = try member.lesson("On its way").signed
            #expect(throws: Never.self) { try check.check(post, from: before, now: relay.clock.now).get() }
            let admin = try await relay.connect(relay.admin)
            try await admin.setSuspended(true, member: member.member.id)
            await admin.close()
            #expect { try check.check(post, from: before, now: relay.clock.now).get() } throws: { error in
                guard let told = (error as? PublishRefusal)?.error else { return false }
                return told.code == .memberSuspended && told.retryable
            }
        }
    }

    // MARK: Rights

    @Test func `nobody suspends or changes who is above them, and nobody suspends themselves`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.member(of: "office", name: "Chief", roles: [.organisationAdministrator])
            let member = try await relay.member(of: "office", name: "Member")
            let connection = try await relay.connect(chief)
            let above = relay.admin.member.id
            #expect(await connection.code { try await $0.setSuspended(true, member: above) } == .forbidden)
            #expect(await connection.code { try await $0.setRoles([.reader], of: above) } == .forbidden)
            #expect(
                await connection.code { try await $0.setRoles([.relayAdministrator], of: member.member.id) }
                    == .forbidden)
            #expect(await connection.code { try await $0.setSuspended(true, member: chief.member.id) } == .forbidden)
            #expect(
                await connection.code { try await $0.setSuspended(true, organisation: slug("office")) } == .forbidden)
            #expect(await connection.code { try await $0.setRoles([], of: member.member.id) } == .invalid)
            try await connection.setRoles([.contributor, .organisationAdministrator], of: member.member.id)
            await connection.close()
        }
    }

    @Test func `roles count at once for a session that is open`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let admin = try await relay.connect(relay.admin)
            _ = try await session.publish(member.lesson("As a contributor").signed)
            try await admin.setRoles([.reader], of: member.member.id)
            #expect(try await session.refusal(of: member.lesson("As a reader").signed)?.code == .forbidden)
            _ = try await session.topics()
            try await admin.setRoles([.contributor], of: member.member.id)
            _ = try await session.publish(member.lesson("As a contributor again").signed)
            for connection in [session, admin] { await connection.close() }
        }
    }

    @Test func `the last relay administrator stays`() async throws {
        try await TestRelay.with { relay in
            let second = try await relay.organisation("ours")
            let admin = try await relay.connect(relay.admin)
            let own = relay.admin.member.id
            var revoke = WireRevokeCertificates()
            revoke.memberID = Data(own.bytes)
            let last = WireErrorCode.lastRelayAdministrator
            let everyRevocation = revoke
            func takeAway(_ expected: WireErrorCode?) async {
                #expect(await admin.code { try await $0.setSuspended(true, member: own) } == expected)
                #expect(await admin.code { try await $0.setSuspended(true, organisation: slug("office")) } == expected)
            }
            await takeAway(last)
            #expect(await admin.code { try await $0.setRoles([.curator], of: own) } == last)
            #expect(await admin.code { try await $0.revokeCertificates(everyRevocation) } == last)
            _ = try await admin.topics()

            // With a second one nobody suspends themselves either, but roles and certificates may go.
            try await admin.setRoles([.relayAdministrator], of: second.member.id)
            await takeAway(.forbidden)
            // A second one who cannot connect does not count.
            try await admin.setSuspended(true, member: second.member.id)
            #expect(await admin.code { try await $0.setRoles([.curator], of: own) } == last)
            try await admin.setSuspended(false, member: second.member.id)
            try await admin.setRoles([.curator], of: own)
            #expect(await admin.code { try await $0.setRoles([.relayAdministrator], of: own) } == .notFound)
            await admin.close()
        }
    }

    // MARK: Reading

    @Test
    func `organisations and members are listed with counts, and by others than relay administrators their own alone`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let member = try await relay.member(of: "ours", name: "Member")
            let other = try await relay.organisation("other")
            let admin = try await relay.connect(relay.admin)
            try await admin.setSuspended(true, member: member.member.id)
            let all = try await admin.organisationSummaries()
            #expect(all.map(\.organisation.slug) == ["office", "other", "ours"])
            #expect(all.map(\.members) == [1, 1, 2])
            #expect(all.map(\.suspendedMembers) == [0, 0, 1])
            #expect(all.map(\.certificates) == [1, 1, 2])
            var page = WireListOrganisationSummaries()
            page.limit = 2
            guard case .organisationSummaryList(let first) = try await admin.request(.listOrganisationSummaries(page))
            else { throw ClientError.protocolViolation("not the answer") }
            #expect(first.organisations.count == 2)
            #expect(first.more)

            let connection = try await relay.connect(chief)
            #expect(try await connection.organisationSummaries().map(\.organisation.slug) == ["ours"])
            let members = try await connection.memberSummaries()
            #expect(Set(members.map(\.member.name)) == ["first of ours", "Member"])
            let listed = try #require(members.first { $0.member.name == "Member" })
            #expect(listed.member.suspended)
            #expect(listed.member.roles == [.contributor])
            let certificate = try #require(member.certificate)
            #expect(listed.certificatesEndMs == certificate.notAfter * 1_000)
            #expect(await connection.code { try await $0.memberSummaries(of: slug("other")) } == .forbidden)
            #expect(try await admin.memberSummaries().count == 4)

            var paged = WireListMemberSummaries()
            paged.limit = 1
            var seen: [Data] = []
            while true {
                guard case .memberSummaryList(let part) = try await admin.request(.listMemberSummaries(paged)) else {
                    throw ClientError.protocolViolation("not the answer")
                }
                seen += part.members.map(\.member.memberID)
                guard part.more, let last = seen.last, seen.count < 10 else { break }
                paged.afterMemberID = last
            }
            #expect(Set(seen).count == 4)
            #expect(seen.count == 4)

            let plain = try await relay.connect(other)
            #expect(await plain.code { try await $0.organisationSummaries() } == .forbidden)
            #expect(await plain.code { try await $0.memberSummaries() } == .forbidden)
            #expect(await plain.code { try await $0.status() } == .forbidden)
            for connection in [admin, connection, plain] { await connection.close() }
        }
    }

    @Test func `the state counts what there is, for the whole relay or the own organisation`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let member = try await relay.member(of: "ours", name: "Member")
            _ = try await relay.invite("ours", "Open", [.contributor])
            _ = try await relay.invite("office", "Elsewhere", [.contributor])
            let admin = try await relay.connect(relay.admin)
            let connection = try await relay.connect(chief)
            try await admin.setSuspended(true, member: member.member.id)
            let all = try await admin.status()
            #expect([all.organisations, all.members, all.suspendedMembers, all.certificates] == [2, 3, 1, 3])
            #expect([all.openInvitations, all.certificatesEnding, all.membersEnding, all.sessions] == [2, 0, 0, 2])
            #expect(all.relayCertificateEndsMs > relay.clock.now)
            #expect(all.issuingCertificateEndsMs > all.relayCertificateEndsMs)
            let own = try await connection.status()
            #expect([own.organisations, own.members, own.certificates, own.openInvitations] == [1, 2, 2, 1])
            #expect(own.sessions == 1)

            relay.clock.advance(by: 8 * 24 * 3_600_000)
            #expect(try await connection.status().openInvitations == 0)
            for connection in [admin, connection] { await connection.close() }
            // Persons' certificates live 30 days: after 8 + 9 all of them end within 14.
            relay.clock.advance(by: 9 * 24 * 3_600_000)
            let later = try await relay.connect(relay.admin)
            let ending = try await later.status()
            #expect([ending.certificatesEnding, ending.membersEnding] == [3, 3])
            await later.close()
        }
    }
}

extension AdministrationTests {
    fileprivate func slug(_ text: String) throws -> OrganisationSlug { try #require(OrganisationSlug(text)) }
}

extension RelayConnection {
    /// Why the relay ended this connection.
    func end() async -> WireErrorCode? {
        var reason: WireErrorCode?
        while let event = await events.next() {
            if case .goaway(let code, _, _) = event { reason = code }
        }
        return reason
    }

    /// The code with which a request is refused; nil when it is done.
    func code<Value>(_ request: (RelayConnection) async throws -> Value) async -> WireErrorCode? {
        do {
            _ = try await request(self)
            return nil
        } catch {
            return (error as? ClientError)?.code
        }
    }
}

extension TestRelay {
    /// The code with which a connection is refused; nil when it is opened.
    func refusal(of identity: ClientIdentity) async -> WireErrorCode? {
        do {
            await (try connect(identity)).close()
            return nil
        } catch {
            return (error as? ClientError)?.code
        }
    }
}
