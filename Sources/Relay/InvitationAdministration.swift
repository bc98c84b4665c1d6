import Foundation
import LessonModel
import PKI
import Storage
import Wire

/// Invitations: of new members, and of members' further devices.
extension RelayCore {
    static let maxInvitationLifetime: Milliseconds = 30 * 24 * 3_600_000
    static let standardInvitationLifetime: Milliseconds = 7 * 24 * 3_600_000
    static let minInvitationLifetime: Milliseconds = 60_000

    func invite(_ request: WireInvite, _ principal: Principal) throws -> WireInvited {
        let now = clock()
        let lifetime = request.lifetimeMs == 0 ? RelayCore.standardInvitationLifetime : request.lifetimeMs
        guard (RelayCore.minInvitationLifetime...RelayCore.maxInvitationLifetime).contains(lifetime) else {
            throw RequestRefusal(.invalid, "an invitation can be used for 1 minute to 30 days", field: "lifetime_ms")
        }
        var terms =
            request.memberID.isEmpty
            ? try termsOfMember(request, principal) : try termsOfDevice(request, principal, now: now)
        terms.createdBy = principal.member.id
        terms.createdAt = now
        terms.expiresAt = now + lifetime
        var detail = [
            "organisation": terms.organisation.text, "name": terms.memberName, "kind": terms.memberKind.name,
            "roles": terms.roles.sorted().map(\.name).joined(separator: " "),
        ]
        if let member = terms.existingMember { detail["device_of"] = member.description }
        if terms.isWayBack { detail["way_back"] = "true" }
        let token = SecureRandom.bytes(Wire.Invitation.tokenBytes)
        let invitation = try store.addInvitation(
            tokenHash: SHA256.digest(token), terms: terms, audit: entry("invitation.add", principal, detail))
        var reply = WireInvited()
        reply.invitation = invitationText(token)
        reply.expiresAtMs = terms.expiresAt
        reply.invitationID = RelayCore.bytes(of: invitation.id)
        return reply
    }

    /// For somebody who is new. Times are not filled in.
    private func termsOfMember(_ request: WireInvite, _ principal: Principal) throws -> InvitationTerms {
        let slug = try organisation(request.organisation).slug
        guard (1...120).contains(request.name.utf8.count), !request.name.contains(where: \.isNewline) else {
            throw RequestRefusal(.invalid, "the name is one line of 1 to 120 bytes", field: "name")
        }
        guard let kind = MemberKind(rawValue: request.kind.rawValue == 0 ? 1 : request.kind.rawValue) else {
            throw RequestRefusal(.invalid, "the kind is person or service", field: "kind")
        }
        var roles = try self.roles(request.roles)
        if roles.isEmpty { roles = [.contributor] }
        guard AccessPolicy.mayGrant(roles, in: slug, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("inviting to \(slug) with these roles", principal))
        }
        return InvitationTerms(
            organisation: slug, memberName: request.name, memberKind: kind, roles: roles, createdAt: 0, expiresAt: 0)
    }

    /// For a further device of a member. Who holds it reads what is for that member alone, so that an organisation
    /// administrator makes one for a colleague only as the way back: while the colleague holds no certificate that could
    /// be used. Nobody can then read along with a colleague who works on; to lock them out first does not go unnoticed.
    private func termsOfDevice(
        _ request: WireInvite, _ principal: Principal, now: Milliseconds
    ) throws -> InvitationTerms {
        let isOwn = MemberID(bytes: request.memberID) == principal.member.id
        let member = isOwn ? principal.member : try administeredMember(request.memberID, principal)
        guard isOwn || AccessPolicy.mayManage(member, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("inviting a device of this member", principal))
        }
        let isWayBack = !isOwn && !AccessPolicy.isRelayAdministrator(principal)
        if isWayBack, try store.mayConnect(member.id, at: now) {
            throw RequestRefusal(
                .forbidden,
                "\(member.name) holds a certificate that is valid or on hold, so only \(member.name) or a relay "
                    + "administrator invites a further device, with lessons invite-device; where it is lost, revoke "
                    + "the member's certificates first", field: "member_id")
        }
        return InvitationTerms(
            organisation: member.organisation, memberName: member.name, memberKind: member.kind, roles: member.roles,
            existingMember: member.id, isWayBack: isWayBack, createdAt: 0, expiresAt: 0)
    }

    func invitationText(_ token: [UInt8]) -> String {
        Wire.Invitation(
            host: identity.host, port: identity.port, enrolmentPort: identity.enrolmentPort,
            rootFingerprint: authority.root.fingerprint, token: token
        ).text
    }

    /// Who administers nothing sees the invitations of their own further devices.
    func invitations(_ request: WireListInvitations, _ principal: Principal) throws -> WireInvitationList {
        let limit = try pageLimit(request.limit)
        var query = InvitationQuery(openAt: request.open ? clock() : nil, limit: limit + 1)
        if !request.beforeInvitationID.isEmpty {
            guard let before = RelayCore.invitationID(request.beforeInvitationID) else {
                throw RequestRefusal(.invalid, "an invitation's id is 8 bytes", field: "before_invitation_id")
            }
            query.before = before
        }
        if AccessPolicy.mayAdminister(principal.organisation.slug, principal) {
            query.organisation = try scope(principal, "listing invitations")
        } else {
            query.createdBy = principal.member.id
        }
        let page = page(try store.invitations(query), limit: limit) { $0.terms.memberName.utf8.count + 140 }
        var reply = WireInvitationList()
        reply.more = page.more
        reply.invitations = page.rows.map { invitation in
            var entry = WireInvitationEntry()
            entry.invitationID = RelayCore.bytes(of: invitation.id)
            entry.organisation = invitation.terms.organisation.text
            entry.name = invitation.terms.memberName
            entry.kind = WireMemberKind(rawValue: invitation.terms.memberKind.rawValue) ?? .unspecified
            entry.roles = invitation.terms.roles.sorted().compactMap { WireRole(rawValue: $0.rawValue) }
            entry.createdAtMs = invitation.terms.createdAt
            entry.expiresAtMs = invitation.terms.expiresAt
            entry.redeemedAtMs = invitation.redeemedAt ?? 0
            entry.revokedAtMs = invitation.revokedAt ?? 0
            return entry
        }
        return reply
    }

    func revokeInvitation(_ request: WireRevokeInvitation, _ principal: Principal) throws -> WireDone {
        guard let id = RelayCore.invitationID(request.invitationID), let invitation = try store.invitation(id),
            invitation.terms.createdBy == principal.member.id
                || AccessPolicy.mayAdminister(invitation.terms.organisation, principal)
        else { throw RequestRefusal(.notFound, "there is no such invitation in your hands", field: "invitation_id") }
        try store.revokeInvitation(
            id,
            audit: entry(
                "invitation.revoke", principal,
                [
                    "organisation": invitation.terms.organisation.text, "invitation": "\(id)",
                    "name": invitation.terms.memberName,
                ]))
        return WireDone()
    }

    private static func invitationID(_ bytes: Data) -> Int64? {
        bytes.count == 8 ? bytes.reduce(Int64(0)) { $0 << 8 | Int64($1) } : nil
    }
}
