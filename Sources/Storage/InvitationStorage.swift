import GRDB
package import LessonModel

/// Invitations. The relay keeps the SHA-256 of a token only; whoever reads the database cannot redeem one.
extension RelayStore {
    /// - Throws: `.notFound` for an unknown organisation or member, `.alreadyExists` for a token used before.
    package func addInvitation(
        tokenHash: [UInt8], terms: InvitationTerms, audit: AuditEntry
    ) throws(StorageError) -> Invitation {
        try write { db in
            guard try MembershipSQL.exists(terms.organisation, in: db) else {
                throw StorageError.notFound("organisation \(terms.organisation)")
            }
            for member in [terms.existingMember, terms.createdBy].compactMap(\.self) {
                guard let known = try MembershipSQL.member(member, in: db) else {
                    throw StorageError.notFound("member \(member)")
                }
                guard member != terms.existingMember || known.organisation == terms.organisation else {
                    throw StorageError.notFound("member \(member) of \(terms.organisation)")
                }
            }
            let changed = try db.run(
                """
                INSERT INTO invitations (token_hash, organisation, member_name, member_kind, roles, existing_member,
                    is_way_back, created_by, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING
                """,
                [
                    .blob(tokenHash), .text(terms.organisation.text), .text(terms.memberName),
                    .integer(terms.memberKind.rawValue), .integer(MembershipSQL.bits(terms.roles)),
                    .optional(terms.existingMember?.bytes), .flag(terms.isWayBack), .optional(terms.createdBy?.bytes),
                    .integer(terms.createdAt), .integer(terms.expiresAt),
                ])
            guard changed == 1 else { throw StorageError.alreadyExists("an invitation with this token") }
            let id = db.lastInsertedRowID
            var entry = audit
            entry.detail["invitation"] = String(id)
            try AuditChain.append(entry, to: db)
            return Invitation(id: id, terms: terms)
        }
    }

    /// Newest first.
    package func invitations(_ query: InvitationQuery = InvitationQuery()) throws(StorageError) -> [Invitation] {
        try read { db in
            try db.all(
                """
                SELECT \(InvitationSQL.columns) FROM invitations
                WHERE id < ?1 AND \(query.organisation == nil ? "?2 IS NULL" : "organisation = ?2")
                    AND (?3 IS NULL OR created_by = ?3)
                    AND (?4 IS NULL OR redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > ?4)
                ORDER BY id DESC LIMIT ?5
                """,
                [
                    .integer(query.before ?? .max), .optional(query.organisation?.text),
                    .optional(query.createdBy?.bytes), .optional(query.openAt), .integer(max(1, query.limit)),
                ], InvitationSQL.invitation)
        }
    }

    package func invitation(_ id: Int64) throws(StorageError) -> Invitation? {
        try read { db in
            try db.first(
                "SELECT \(InvitationSQL.columns) FROM invitations WHERE id = ?", [.integer(id)],
                InvitationSQL.invitation)
        }
    }

    /// Whether such an invitation was ever made; a look that costs the writer nothing.
    package func knowsInvitation(tokenHash: [UInt8]) throws(StorageError) -> Bool {
        try read { db in try db.exists("SELECT 1 FROM invitations WHERE token_hash = ?", [.blob(tokenHash)]) }
    }

    /// Withdraws an invitation that nobody has redeemed; withdrawing it again does nothing.
    /// - Throws: `.notFound`, or `.invitation(.used)`.
    package func revokeInvitation(_ id: Int64, audit: AuditEntry) throws(StorageError) {
        try write { db in
            let found = try db.first(
                "SELECT \(InvitationSQL.columns) FROM invitations WHERE id = ?", [.integer(id)],
                InvitationSQL.invitation)
            guard let found else { throw StorageError.notFound("invitation \(id)") }
            guard found.redeemedAt == nil else { throw StorageError.invitation(.used) }
            guard found.revokedAt == nil else { return }
            try db.run("UPDATE invitations SET revoked_at = ? WHERE id = ?", [.integer(audit.at), .integer(id)])
            try AuditChain.append(audit, to: db)
        }
    }

    /// Makes the invited a member, or gives a member a further certificate. Of several calls with one token, one
    /// succeeds. Its audit entry, `invitation.redeem`, is made here.
    /// - Parameters:
    ///   - now: the relay's clock.
    ///   - newMember: the id for a member who is new.
    ///   - makeCertificate: issues for the member id that it is given. It runs inside the transaction, must not call the
    ///     store, and when it throws the invitation is not spent.
    /// - Throws: `.invitation` with the reason, `.issuing` with what `makeCertificate` threw.
    package func redeemInvitation(
        tokenHash: [UInt8], now: Milliseconds, newMember: MemberID,
        makeCertificate: (Invitation, MemberID) throws -> IssuedCertificate
    ) throws(StorageError) -> Redemption {
        try write { db in
            let found = try db.first(
                "SELECT \(InvitationSQL.columns) FROM invitations WHERE token_hash = ?", [.blob(tokenHash)],
                InvitationSQL.invitation)
            guard let invitation = found else { throw StorageError.invitation(.unknown) }
            if let problem = invitation.problem(at: now) { throw StorageError.invitation(problem) }
            let terms = invitation.terms
            guard let organisation = try MembershipSQL.organisation(terms.organisation, in: db) else {
                throw StorageError.invitation(.revoked)
            }
            guard !organisation.isSuspended else { throw StorageError.invitation(.suspended) }
            guard try InvitationSQL.isStillMeant(terms, in: db) else { throw StorageError.invitation(.makerLeft) }
            let member = try InvitationSQL.member(for: terms, newMember: newMember, at: now, in: db)
            guard !member.isSuspended else { throw StorageError.invitation(.suspended) }
            if terms.isWayBack, try CertificateSQL.mayConnect(member.id, at: now, in: db) {
                throw StorageError.invitation(.memberIsBack)
            }
            if terms.existingMember != nil {
                let held = try CertificateSQL.inForceCount(of: member.id, at: now, in: db)
                guard held < RelayStore.maxCertificatesPerMember else {
                    throw StorageError.limit(
                        "\(member.name) holds \(held) certificates; have those revoked that are not in use")
                }
            }
            let certificate: IssuedCertificate
            do {
                certificate = try makeCertificate(invitation, member.id)
            } catch {
                throw StorageError.issuing("\(error)")
            }
            try CertificateSQL.insert(certificate, of: member.id, at: now, in: db)
            try db.run(
                "UPDATE invitations SET redeemed_at = ?, redeemed_by = ? WHERE id = ?",
                [.integer(now), .id(member.id), .integer(invitation.id)])
            let audit = AuditEntry(
                at: now, actor: .member(member.id, certificate: certificate.fingerprint), action: "invitation.redeem",
                detail: [
                    "invitation": String(invitation.id), "organisation": organisation.slug.text, "member": member.name,
                    "serial": Hex.text(of: certificate.serial),
                ])
            try AuditChain.append(audit, to: db)
            return Redemption(member: member, organisation: organisation, certificate: certificate)
        }
    }
}

/// Which invitations to read. What is nil selects everything.
package struct InvitationQuery: Hashable, Sendable {
    /// Those before this one.
    package var before: Int64?
    package var organisation: OrganisationSlug?
    package var createdBy: MemberID?
    /// Only those that can be redeemed at this time.
    package var openAt: Milliseconds?
    package var limit: Int

    package init(
        before: Int64? = nil, organisation: OrganisationSlug? = nil, createdBy: MemberID? = nil,
        openAt: Milliseconds? = nil, limit: Int = .max
    ) {
        self.before = before
        self.organisation = organisation
        self.createdBy = createdBy
        self.openAt = openAt
        self.limit = limit
    }
}

extension Invitation {
    /// Why it cannot be redeemed at `now`; nil when it can, as far as the invitation itself tells.
    package func problem(at now: Milliseconds) -> InvitationProblem? {
        if redeemedAt != nil { return .used }
        if revokedAt != nil { return .revoked }
        return now >= terms.expiresAt ? .expired : nil
    }
}

private enum InvitationSQL {
    static let columns = """
        id, organisation, member_name, member_kind, roles, existing_member, created_by, created_at, expires_at,
        redeemed_at, redeemed_by, revoked_at, is_way_back
        """

    static func invitation(_ columns: Columns) throws -> Invitation {
        Invitation(
            id: columns.integer(0),
            terms: InvitationTerms(
                organisation: try columns.slug(1), memberName: columns.text(2), memberKind: try columns.value(3),
                roles: MembershipSQL.roles(columns.int(4)), existingMember: try columns.optionalMemberID(5),
                isWayBack: columns.flag(12), createdBy: try columns.optionalMemberID(6), createdAt: columns.integer(7),
                expiresAt: columns.integer(8)),
            redeemedAt: columns.optionalInteger(9), redeemedBy: try columns.optionalMemberID(10),
            revokedAt: columns.optionalInteger(11))
    }

    /// Whether the one who made the invitation could make it now: an administrator who was suspended, demoted or removed has
    /// not left others behind who act for them.
    static func isStillMeant(_ terms: InvitationTerms, in db: Database) throws -> Bool {
        // Made on the relay's own machine.
        guard let id = terms.createdBy else { return true }
        guard let maker = try MembershipSQL.member(id, in: db), !maker.isSuspended,
            try MembershipSQL.organisation(maker.organisation, in: db)?.isSuspended == false
        else { return false }
        if maker.roles.contains(.relayAdministrator) || terms.existingMember == id { return true }
        guard maker.roles.contains(.organisationAdministrator), maker.organisation == terms.organisation else {
            return false
        }
        return terms.existingMember != nil
            || !terms.roles.contains { $0 == .curator || $0 > .organisationAdministrator }
    }

    /// The member whom the terms name, or one who is added now.
    static func member(
        for terms: InvitationTerms, newMember: MemberID, at now: Milliseconds, in db: Database
    ) throws -> Member {
        if let id = terms.existingMember {
            guard let member = try MembershipSQL.member(id, in: db) else { throw StorageError.invitation(.revoked) }
            return member
        }
        let member = Member(
            id: newMember, organisation: terms.organisation, name: terms.memberName, kind: terms.memberKind,
            roles: terms.roles)
        try MembershipSQL.insert(member, at: now, in: db)
        return member
    }
}
