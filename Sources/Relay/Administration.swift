import Foundation
import LessonModel
import PKI
import Storage
import Wire

/// Administrative requests. Each needs a role and leaves an audit entry in the transaction of its act.
extension RelayCore {
    /// Nil when `body` is no administrative request.
    func administer(_ body: WireFrame.OneOf_Body, _ principal: Principal) throws -> WireFrame.OneOf_Body? {
        switch body {
        case .invite(let request): return .invited(try invite(request, principal))
        case .listInvitations: return .invitationList(try invitations(principal))
        case .revokeInvitation(let request): return .done(try revokeInvitation(request, principal))
        case .addOrganisation(let request): return .done(try addOrganisation(request, principal))
        case .addTopic(let request): return .done(try addTopic(request, principal))
        case .setClients(let request): return .done(try setClients(request, principal))
        case .revokeCertificates(let request): return .revoked(try revoke(request, principal))
        case .listCertificates(let request): return .certificateList(try certificates(request, principal))
        case .setSuspension(let request): return .suspensionSet(try setSuspension(request, principal))
        case .setRoles(let request): return .done(try setRoles(request, principal))
        case .listOrganisationSummaries(let request):
            return .organisationSummaryList(try organisationSummaries(request, principal))
        case .listMemberSummaries(let request): return .memberSummaryList(try memberSummaries(request, principal))
        case .listAudit(let request): return .auditPage(try audit(request, principal))
        case .verifyAudit: return .auditVerification(try verifyAudit(principal))
        case .fetchStatus: return .status(try status(principal))
        default: return nil
        }
    }

    static let maxInvitationLifetime: Milliseconds = 30 * 24 * 3_600_000
    static let standardInvitationLifetime: Milliseconds = 7 * 24 * 3_600_000
    static let minInvitationLifetime: Milliseconds = 60_000

    private func invite(_ request: WireInvite, _ principal: Principal) throws -> WireInvited {
        let directory = membership.directory
        var terms: InvitationTerms
        let now = clock()
        let lifetime = request.lifetimeMs == 0 ? RelayCore.standardInvitationLifetime : request.lifetimeMs
        guard (RelayCore.minInvitationLifetime...RelayCore.maxInvitationLifetime).contains(lifetime) else {
            throw RequestRefusal(.invalid, "an invitation can be used for 1 minute to 30 days", field: "lifetime_ms")
        }
        if request.memberID.isEmpty {
            let slug = try organisation(request.organisation, directory)
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
            terms = InvitationTerms(
                organisation: slug, memberName: request.name, memberKind: kind, roles: roles, createdAt: now,
                expiresAt: now + lifetime)
        } else {
            guard let id = MemberID(bytes: request.memberID), let member = directory.members[id],
                member.id == principal.member.id || AccessPolicy.mayAdminister(member.organisation, principal)
            else { throw RequestRefusal(.notFound, "there is no such member in your hands", field: "member_id") }
            guard
                member.id == principal.member.id
                    || AccessPolicy.mayGrant(member.roles, in: member.organisation, principal)
            else { throw RequestRefusal(AccessPolicy.refusal("inviting a device of this member", principal)) }
            terms = InvitationTerms(
                organisation: member.organisation, memberName: member.name, memberKind: member.kind,
                roles: member.roles,
                existingMember: id, createdAt: now, expiresAt: now + lifetime)
        }
        terms.createdBy = principal.member.id
        let token = SecureRandom.bytes(Wire.Invitation.tokenBytes)
        let invitation = try store.addInvitation(
            tokenHash: SHA256.digest(token), terms: terms,
            audit: entry(
                "invitation.add", principal,
                [
                    "organisation": terms.organisation.text, "name": terms.memberName,
                    "roles": terms.roles.sorted().map(\.name).joined(separator: " "),
                ]))
        var reply = WireInvited()
        reply.invitation = invitationText(token)
        reply.expiresAtMs = terms.expiresAt
        reply.invitationID = RelayCore.bytes(of: invitation.id)
        return reply
    }

    func invitationText(_ token: [UInt8]) -> String {
        Wire.Invitation(
            host: identity.host, port: identity.port, enrolmentPort: identity.enrolmentPort,
            rootFingerprint: authority.root.fingerprint, token: token
        ).text
    }

    private func invitations(_ principal: Principal) throws -> WireInvitationList {
        var reply = WireInvitationList()
        reply.invitations = try store.invitations()
            .filter { AccessPolicy.mayAdminister($0.terms.organisation, principal) }
            .map { invitation in
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

    private func revokeInvitation(_ request: WireRevokeInvitation, _ principal: Principal) throws -> WireDone {
        let id = request.invitationID.count == 8 ? request.invitationID.reduce(Int64(0)) { $0 << 8 | Int64($1) } : -1
        guard let invitation = try store.invitations().first(where: { $0.id == id }),
            AccessPolicy.mayAdminister(invitation.terms.organisation, principal)
        else { throw RequestRefusal(.notFound, "there is no such invitation in your hands", field: "invitation_id") }
        try store.revokeInvitation(
            id,
            audit: entry(
                "invitation.revoke", principal,
                ["organisation": invitation.terms.organisation.text, "invitation": "\(id)"]))
        return WireDone()
    }

    private func addOrganisation(_ request: WireAddOrganisation, _ principal: Principal) throws -> WireDone {
        try requireRelayAdministrator(principal, "adding organisations")
        let organisation = try request.organisation.value()
        if let country = organisation.country, !ParticipatingState.isKnown(country) {
            throw RequestRefusal(
                .invalid,
                "\(country) is no participating State or Partner for Co-operation; leave it out for an institution",
                field: "country")
        }
        try store.addOrganisation(
            organisation,
            audit: entry(
                "organisation.add", principal,
                [
                    "organisation": organisation.slug.text, "name": organisation.name, "kind": organisation.kind.name,
                    "country": organisation.country ?? "",
                ]))
        try membership.reload()
        return WireDone()
    }

    private func addTopic(_ request: WireAddTopic, _ principal: Principal) throws -> WireDone {
        try requireRelayAdministrator(principal, "adding topics")
        guard let topic = Topic(request.path) else {
            throw RequestRefusal(.invalid, "a topic is written like policing/community, in lower case", field: "path")
        }
        guard request.description_p.utf8.count <= 500, !request.description_p.contains(where: \.isNewline) else {
            throw RequestRefusal(.invalid, "the description is one line of at most 500 bytes", field: "description")
        }
        if let parent = topic.parent, !membership.directory.topics.contains(parent) {
            throw RequestRefusal(.unknownTopic, "add the topic \(parent) first", field: "path")
        }
        try store.addTopics(
            [TopicDescription(topic: topic, description: request.description_p)],
            audit: entry("topic.add", principal, ["topic": topic.path]))
        try membership.reload()
        return WireDone()
    }

    private func setClients(_ request: WireSetClients, _ principal: Principal) throws -> WireDone {
        let directory = membership.directory
        let slug = try organisation(request.organisation, directory)
        guard AccessPolicy.mayAdminister(slug, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("naming the clients of \(slug)", principal))
        }
        let clients = Set(try request.clients.map { try organisation($0, directory) })
        guard !clients.contains(slug), clients.count <= Audience.maxEntries else {
            throw RequestRefusal(.invalid, "an organisation is no client of its own", field: "clients")
        }
        try store.setClients(
            of: slug, to: clients,
            audit: entry(
                "organisation.clients", principal,
                ["organisation": slug.text, "clients": clients.sorted().map(\.text).joined(separator: " ")]))
        try membership.reload()
        return WireDone()
    }

    private func revoke(_ request: WireRevokeCertificates, _ principal: Principal) throws -> WireRevoked {
        let directory = membership.directory
        guard let reason = RevocationReason(name: request.reason.nonEmpty ?? "unspecified"), reason != .certificateHold
        else {
            throw RequestRefusal(
                .invalid,
                "the reason is one of keyCompromise, affiliationChanged, superseded, cessationOfOperation, "
                    + "privilegeWithdrawn, unspecified", field: "reason")
        }
        let selection: CertificateSelection
        let home: OrganisationSlug?
        var owner: MemberID?
        var detail = ["reason": reason.name]
        switch request.target {
        case .fingerprint(let bytes):
            selection = .fingerprint(Array(bytes))
            detail["certificate"] = Hex.text(of: bytes)
            owner = directory.activeCertificates[Array(bytes)]?.member
            home = owner.flatMap { directory.members[$0]?.organisation }
        case .memberID(let bytes):
            guard let id = MemberID(bytes: bytes) else {
                throw RequestRefusal(.invalid, "a member id is 16 bytes", field: "member_id")
            }
            selection = .member(id)
            detail["member"] = id.description
            home = directory.members[id]?.organisation
        case .organisation(let text):
            let slug = try organisation(text, directory)
            selection = .organisation(slug)
            home = slug
        case nil: throw RequestRefusal(.invalid, "say whose certificates to revoke", field: "target")
        }
        guard let home, AccessPolicy.mayAdminister(home, principal) else {
            throw RequestRefusal(.notFound, "there is no such certificate in your hands", field: "target")
        }
        detail["organisation"] = home.text
        var revoked = try store.revokeCertificates(
            selection, reason: reason.rawValue, audit: entry("certificate.revoke", principal, detail))
        try membership.reload()
        committer.settle()
        try withdrawInvitations(of: selection, owner: owner, principal)
        // One of them may have been redeemed meanwhile.
        try membership.reload()
        if membership.directory.holdsCertificates(selection) {
            revoked += try store.revokeCertificates(
                selection, reason: reason.rawValue,
                audit: entry("certificate.revoke", principal, detail))
            try membership.reload()
            committer.settle()
        }
        var reply = WireRevoked()
        reply.certificates = UInt32(clamping: revoked.count)
        reply.sessions = UInt32(clamping: registry.endStale(membership))
        return reply
    }

    /// Withdraws what would bring back those whose certificates were revoked: invitations of their further devices; and
    /// of a member or organisation as a whole, those that they made, or that are for them.
    private func withdrawInvitations(
        of selection: CertificateSelection, owner: MemberID?, _ principal: Principal
    ) throws {
        let directory = membership.directory
        let withdrawn = try store.invitations().filter { invitation in
            guard invitation.redeemedAt == nil, invitation.revokedAt == nil else { return false }
            let terms = invitation.terms
            switch selection {
            case .fingerprint: return owner != nil && terms.existingMember == owner
            case .member(let id): return terms.existingMember == id || terms.createdBy == id
            case .organisation(let slug):
                return terms.organisation == slug
                    || terms.createdBy.flatMap { directory.members[$0]?.organisation } == slug
            }
        }
        for invitation in withdrawn {
            do {
                try store.revokeInvitation(
                    invitation.id, audit: entry("invitation.revoke", principal, ["id": "\(invitation.id)"]))
            } catch {
                guard error == .invitation(.used) else { throw error }
            }
        }
    }

    private func certificates(_ request: WireListCertificates, _ principal: Principal) throws -> WireCertificateList {
        let directory = membership.directory
        let wanted = try request.organisation.nonEmpty.map { try organisation($0, directory) }
        let slugs = directory.organisations.keys.filter {
            (wanted == nil || $0 == wanted) && AccessPolicy.mayAdminister($0, principal)
        }
        guard !slugs.isEmpty else { throw RequestRefusal(AccessPolicy.refusal("listing certificates", principal)) }
        let administered = Set(slugs)
        let members = directory.members.values.filter { administered.contains($0.organisation) }
        return list(try members.flatMap { try store.certificates(of: $0.id) })
    }

    // MARK: Helpers

    func requireRelayAdministrator(_ principal: Principal, _ what: String) throws(RequestRefusal) {
        guard AccessPolicy.isRelayAdministrator(principal) else {
            throw RequestRefusal(AccessPolicy.refusal(what, principal))
        }
    }

    func organisation(_ text: String, _ directory: DirectorySnapshot) throws(RequestRefusal) -> OrganisationSlug {
        guard let slug = OrganisationSlug(text), directory.organisations[slug] != nil else {
            throw RequestRefusal(
                .notFound, "there is no organisation \"\(text.prefix(60))\"; `lessons organisations` lists them",
                field: "organisation")
        }
        return slug
    }

    func roles(_ roles: [WireRole]) throws(RequestRefusal) -> Set<Role> {
        var known: Set<Role> = []
        for role in roles {
            guard let role = Role(rawValue: role.rawValue) else {
                throw RequestRefusal(
                    .invalid, "a role is one of \(Role.allCases.map(\.name).joined(separator: ", "))", field: "roles")
            }
            known.insert(role)
        }
        return known
    }

    func entry(_ action: String, _ principal: Principal, _ detail: [String: String]) -> AuditEntry {
        AuditEntry(
            at: clock(), actor: .member(principal.member.id, certificate: principal.certificateFingerprint),
            action: action,
            detail: detail)
    }

    static func bytes(of id: Int64) -> Data {
        Data(stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: id >> Int64($0)) })
    }
}

extension DirectorySnapshot {
    /// Whether one of those that `selection` names is not revoked.
    fileprivate func holdsCertificates(_ selection: CertificateSelection) -> Bool {
        switch selection {
        case .fingerprint(let fingerprint): activeCertificates[fingerprint] != nil
        case .member(let id): activeCertificates.values.contains { $0.member == id }
        case .organisation(let slug): activeCertificates.values.contains { members[$0.member]?.organisation == slug }
        }
    }
}
