import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

/// What an organisation administrator may do in their own organisation, and what not.
@Suite struct HierarchyTests {
    @Test func `an organisation administrator touches no certificate of members above them`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.member(of: "office", name: "Chief", roles: [.organisationAdministrator])
            _ = try await relay.organisation("ours", roles: [.relayAdministrator])
            let connection = try await relay.connect(chief)
            let above = Data(relay.admin.member.id.bytes)
            let fingerprint = try #require(relay.admin.certificate).fingerprint.asData
            for reason in ["", "certificateHold"] {
                for target: WireRevokeCertificates.OneOf_Target in [
                    .memberID(above), .fingerprint(fingerprint), .organisation("office"),
                ] {
                    var revoke = WireRevokeCertificates()
                    revoke.reason = reason
                    revoke.target = target
                    let request = revoke
                    #expect(await connection.code { try await $0.revokeCertificates(request) } == .forbidden)
                }
            }
            let admin = try await relay.connect(relay.admin)
            let second = try await relay.organisation("more", roles: [.organisationAdministrator])
            _ = try await admin.revokeCertificates(.hold { $0.memberID = Data(second.member.id.bytes) })
            var release = WireReleaseHold()
            release.memberID = above
            let request = release
            #expect(await connection.code { try await $0.releaseHold(request) } == .forbidden)
            var invite = WireInvite()
            invite.memberID = above
            let device = invite
            #expect(await connection.code { try await $0.invite(device) } == .forbidden)
            for connection in [admin, connection] { await connection.close() }
        }
    }

    @Test
    func `a colleague's device is invited by the colleague; by an organisation administrator only as the way back`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let colleague = try await relay.member(of: "ours", name: "Colleague")
            let connection = try await relay.connect(chief)
            let session = try await relay.connect(colleague)
            var invite = WireInvite()
            invite.memberID = Data(colleague.member.id.bytes)
            let device = invite
            _ = try await relay.join(try await session.invite(device).invitation)
            #expect(try await session.invitations().map(\.name) == ["Colleague"])
            #expect(await connection.code { try await $0.invite(device) } == .forbidden)
            _ = try await connection.revokeCertificates(.hold { $0.memberID = device.memberID })
            #expect(await connection.code { try await $0.invite(device) } == .forbidden)

            // Locked out for good, the colleague comes back by either of two, and then by neither.
            var revoke = WireRevokeCertificates()
            revoke.memberID = device.memberID
            _ = try await connection.revokeCertificates(revoke)
            let first = try await connection.invite(device).invitation
            let second = try await connection.invite(device).invitation
            let back = try await relay.join(first)
            #expect(back.member.id == colleague.member.id)
            await (try relay.connect(back)).close()
            await #expect { _ = try await relay.join(second) } throws: { error in
                guard case .request(let told)? = error as? ClientError else { return false }
                return told.code == .invitationRevoked && told.message.contains("invite-device")
            }
            var list = WireListAudit()
            list.action = "invitation.add"
            let entries = try await connection.audit(list).entries
            #expect(entries.prefix(2).allSatisfy { $0.detail.contains("\"way_back\":\"true\"") })

            // What a relay administrator makes for a further device is not bound to that.
            let admin = try await relay.connect(relay.admin)
            _ = try await relay.join(try await admin.invite(device).invitation)
            for connection in [admin, connection] { await connection.close() }
        }
    }

    @Test func `only a relay administrator makes a curator or changes what they curate`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let member = try await relay.member(of: "ours", name: "Member")
            let connection = try await relay.connect(chief)
            let admin = try await relay.connect(relay.admin)
            let id = member.member.id
            let community = try topic("policing/community")
            #expect(await connection.code { try await $0.setRoles([.curator], of: id) } == .forbidden)
            var invite = WireInvite()
            invite.organisation = "ours"
            invite.name = "New curator"
            invite.roles = [.curator]
            let invitation = invite
            #expect(await connection.code { try await $0.invite(invitation) } == .forbidden)

            #expect(
                await admin.code { try await $0.setRoles([.curator], curating: [topic("no/such")], of: id) }
                    == .unknownTopic)
            #expect(
                await admin.code { try await $0.setRoles([.reader], curating: [community], of: id) } == .invalid)
            try await admin.setRoles([.curator], curating: [community], of: id)
            // Other roles may change while the curator stays what they are.
            try await connection.setRoles([.curator, .contributor], curating: [community], of: id)
            #expect(await connection.code { try await $0.setRoles([.curator], of: id) } == .forbidden)
            #expect(
                await connection.code { try await $0.setRoles([.curator], curating: [topic("media")], of: id) }
                    == .forbidden)
            #expect(try await admin.member(id)?.curatedTopics == ["policing/community"])
            var list = WireListAudit()
            list.action = "member.roles"
            let entry = try #require(try await admin.audit(list).entries.first)
            #expect(entry.detail.contains("\"curates.before\":\"policing\\/community\""), "\(entry.detail)")
            try await connection.setRoles([.contributor], of: id)
            #expect(
                await connection.code { try await $0.setRoles([.curator], curating: [community], of: id) } == .forbidden
            )
            for connection in [admin, connection] { await connection.close() }
        }
    }

    @Test func `a curator curates a topic with all below it, or every topic, and nobody else curates any`() throws {
        let slug = try #require(OrganisationSlug("ours"))
        func curates(_ path: String, _ roles: Set<Role>, _ topics: [String]) throws -> Bool {
            let member = Member(
                id: MemberID(UUIDValue(high: 1, low: 1)), organisation: slug, name: "C", kind: .person, roles: roles,
                curatedTopics: Set(try topics.map(topic)))
            let organisation = Organisation(slug: slug, name: "Ours", country: nil, kind: .other)
            let principal = Principal(member: member, organisation: organisation, certificateFingerprint: [])
            return AccessPolicy.mayCurate(try topic(path), principal)
        }
        #expect(try curates("policing/community", [.curator], ["policing/community"]))
        #expect(try curates("policing/community/engagement", [.curator], ["policing/community"]))
        #expect(try curates("policing/community", [.curator], ["media", "policing"]))
        #expect(try !curates("policing", [.curator], ["policing/community"]))
        #expect(try !curates("policing/communities", [.curator], ["policing/community"]))
        #expect(try !curates("media", [.curator], ["policing"]))
        #expect(try curates("media", [.curator], []))
        #expect(try !curates("media", [.relayAdministrator, .contributor], []))
        #expect(try !curates("media", [.contributor], ["media"]))
    }

    private func topic(_ path: String) throws -> Topic { try #require(Topic(path)) }
}
