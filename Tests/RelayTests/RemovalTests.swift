import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

@Suite struct RemovalTests {
    @Test func `a removed member is told and gone, and what they posted stays theirs`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let leaver = try await relay.member(of: "ours", name: "Leaver")
            let session = try await relay.connect(leaver)
            let lesson = try leaver.lesson("Stays")
            _ = try await session.publish(lesson.signed)
            var subscribe = WireSubscribe()
            subscribe.durable = "desk"
            subscribe.filters = [WireFilter(SubscriptionFilter(topics: [try TopicFilter("#")]))]
            _ = try await session.subscribe(subscribe)
            var invite = WireInvite()
            invite.memberID = Data(leaver.member.id.bytes)
            let device = try await session.invite(invite).invitation

            let connection = try await relay.connect(chief)
            let removed = try await connection.remove(member: leaver.member.id)
            #expect([removed.members, removed.certificates, removed.sessions] == [1, 1, 1])
            #expect(await session.end() == .notAMember)
            #expect(await relay.refusal(of: leaver) == .certificateRevoked)
            await #expect { _ = try await relay.join(device) } throws: { error in
                (error as? ClientError)?.code == .invitationRevoked
            }
            #expect(try await connection.members().allSatisfy { $0.name != "Leaver" })
            #expect(try await connection.member(leaver.member.id) == nil)
            #expect(try await connection.memberSummaries().allSatisfy { $0.member.name != "Leaver" })
            #expect(await connection.code { try await $0.setSuspended(true, member: leaver.member.id) } == .notFound)
            #expect(await connection.code { try await $0.remove(member: leaver.member.id) } == .notFound)
            let red = try chief.lesson("For one who left") { post in
                post.marking = .red
                post.audience = .init(organisations: [], members: [leaver.member.id])
            }
            #expect(try await connection.refusal(of: red.signed)?.code == .unknownAudience)

            let stored = try await connection.posts([lesson.id])
            #expect(stored.map(\.post) == [lesson.signed])
            let certificates = try await connection.certificates([try #require(leaver.certificate).fingerprint])
            #expect(certificates.certificates.first?.revocationReason == "affiliationChanged")
            let entry = try #require(
                try await connection.audit(WireListAudit()).entries.first { $0.action == "member.remove" })
            #expect(entry.detail.contains("Leaver"))
            let admin = try await relay.connect(relay.admin)
            let joined = try await admin.audit(WireListAudit()).entries.first {
                $0.actor == leaver.member.id.description
            }
            #expect(joined?.actorName == "Leaver")
            for connection in [connection, admin] { await connection.close() }
            try await relay.restart()
            #expect(await relay.refusal(of: leaver) == .certificateRevoked)
        }
    }

    @Test
    func `a removed organisation goes with its members, invitations and namings, and its name is never given again`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("gone", roles: [.organisationAdministrator])
            let second = try await relay.member(of: "gone", name: "Second")
            let other = try await relay.organisation("other")
            let invitation = try await relay.invite("gone", "Never", [.contributor])
            let sessions = [try await relay.connect(chief), try await relay.connect(second)]
            let stays = try await relay.connect(other)
            let admin = try await relay.connect(relay.admin)
            let gone = try slug("gone")
            try await admin.setClients([gone], of: slug("other"))
            #expect(await admin.code { try await $0.remove(organisation: slug("office")) } == .lastRelayAdministrator)
            #expect(await stays.code { try await $0.remove(organisation: gone) } == .forbidden)
            #expect(await sessions[0].code { try await $0.remove(organisation: gone) } == .forbidden)

            let removed = try await admin.remove(organisation: gone)
            #expect([removed.members, removed.certificates, removed.sessions] == [2, 2, 2])
            for session in sessions { #expect(await session.end() == .notAMember) }
            await #expect { _ = try await relay.join(invitation) } throws: { error in
                (error as? ClientError)?.code == .invitationRevoked
            }
            let organisations = try await admin.organisations()
            #expect(organisations.map(\.slug) == ["office", "other"])
            #expect(organisations[1].clients.isEmpty)
            #expect(relay.server.membership.clients(of: try slug("other")).isEmpty)
            #expect(try await admin.organisationSummaries().map(\.organisation.slug) == ["office", "other"])
            let status = try await admin.status()
            #expect([status.organisations, status.members, status.certificates] == [2, 2, 2])
            #expect(try await admin.invitations(isOpen: true).isEmpty)
            let again = Organisation(slug: gone, name: "Again", country: nil, kind: .other)
            #expect(await admin.code { try await $0.addOrganisation(again) } == .alreadyExists)
            let amber = try other.lesson("For those who left") { post in
                post.marking = .amber
                post.audience = .init(organisations: [gone], members: [])
            }
            #expect(try await stays.refusal(of: amber.signed)?.code == .unknownAudience)
            let revoked = try await admin.allCertificates { $0.state = .revoked }
            #expect(revoked.map(\.revocationReason) == ["cessationOfOperation", "cessationOfOperation"])
            #expect(Set(revoked.map(\.memberName)) == ["first of gone", "Second"])
            for connection in [stays, admin] { await connection.close() }
        }
    }

    @Test func `nobody removes themselves, who is above them, or their own organisation`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.member(of: "office", name: "Chief", roles: [.organisationAdministrator])
            let second = try await relay.organisation("ours", roles: [.relayAdministrator])
            let connection = try await relay.connect(chief)
            #expect(await connection.code { try await $0.remove(member: relay.admin.member.id) } == .forbidden)
            #expect(await connection.code { try await $0.remove(member: chief.member.id) } == .forbidden)
            let admin = try await relay.connect(relay.admin)
            #expect(await admin.code { try await $0.remove(member: relay.admin.member.id) } == .forbidden)
            #expect(await admin.code { try await $0.remove(organisation: slug("office")) } == .forbidden)
            _ = try await admin.remove(member: second.member.id)
            #expect(await admin.code { try await $0.remove(member: relay.admin.member.id) } == .lastRelayAdministrator)
            for connection in [connection, admin] { await connection.close() }
        }
    }

    private func slug(_ text: String) throws -> OrganisationSlug { try #require(OrganisationSlug(text)) }
}
