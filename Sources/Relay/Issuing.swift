import Foundation
import LessonModel
import Logging
import PKI
import Storage
import Wire

/// Certificates for members: at joining, and as a renewal.
extension RelayCore {
    /// Redeems an invitation. Nothing is spent when it throws.
    func enrol(_ request: WireEnrol) throws -> WireEnrolled {
        guard request.token.count == Wire.Invitation.tokenBytes else {
            throw RequestRefusal(.invitationUnknown, InvitationProblem.unknown.description, field: "token")
        }
        let tokenHash = SHA256.digest(Array(request.token))
        // Somebody who guesses is stopped before anything costs much.
        guard try store.knowsInvitation(tokenHash: tokenHash) else { throw StorageError.invitation(.unknown) }
        let signing = try signingRequest(request.certificateRequest)
        let now = clock()
        var random = SystemCSPRNG()
        let redemption = try store.redeemInvitation(
            tokenHash: tokenHash, now: now,
            newMember: MemberID(UUIDValue(version7At: now, using: &random))
        ) { invitation, member in
            let terms = invitation.terms
            return try self.issue(
                signing, to: member, name: terms.memberName, kind: terms.memberKind, roles: terms.roles,
                organisation: self.membership.organisation(terms.organisation), now: now)
        }
        try refreshMembership(.member(redemption.member.id))
        counters.add(.invitationsRedeemed)
        logger.info("a member joined", metadata: ["member": "\(redemption.member.id)"])
        return enrolled(redemption.certificate, redemption.member, redemption.organisation)
    }

    /// Of one member at once; see `RelayStore.maxCertificatesPerMember`.
    static var maxCertificatesPerMember: Int { RelayStore.maxCertificatesPerMember }

    private static let renewalPeriod: Milliseconds = 24 * 3_600_000
    /// Certificates of one member in that time, revoked ones included.
    static let maxRenewals = 2 * maxCertificatesPerMember

    /// A fresh certificate for the member of a session.
    func renew(_ request: WireRenew, _ principal: Principal) throws -> WireEnrolled {
        let signing = try signingRequest(request.certificateRequest)
        let now = clock()
        let member = principal.member
        let held = membership.certificateCount(of: member.id, now: now)
        guard held < RelayCore.maxCertificatesPerMember else {
            throw RequestRefusal(
                .limitExceeded, "you hold \(held) certificates; have those revoked that are not in use")
        }
        // Each that is revoked stands in the revocation lists until its end.
        let recent = try store.certificates(of: member.id).count { $0.recordedAt > now - RelayCore.renewalPeriod }
        guard recent < RelayCore.maxRenewals else {
            throw RequestRefusal(
                .limitExceeded, "\(recent) certificates were issued to you within a day; try again tomorrow")
        }
        let issued = try issue(
            signing, to: member.id, name: member.name, kind: member.kind, roles: member.roles,
            organisation: principal.organisation, now: now)
        try store.recordCertificate(
            issued, of: member.id,
            audit: AuditEntry(
                at: now, actor: .member(member.id, certificate: principal.certificateFingerprint),
                action: "certificate.renew",
                detail: [
                    "organisation": principal.organisation.slug.text, "certificate": Hex.text(of: issued.fingerprint),
                ]))
        try refreshMembership(.member(member.id))
        // A revocation that was stored after this request began and before its certificate was knows nothing of it.
        if case .failure(let refusal) = membership.principal(member.id, principal.certificateFingerprint) {
            _ = try store.revokeCertificates(
                .fingerprint(issued.fingerprint), reason: RevocationReason.superseded.rawValue,
                audit: AuditEntry(
                    at: clock(), actor: .host, action: "certificate.revoke",
                    detail: ["certificate": Hex.text(of: issued.fingerprint), "reason": "renewed while revoked"]))
            try refreshMembership(.member(member.id))
            throw RequestRefusal(refusal.code, refusal.reason)
        }
        return enrolled(issued, member, principal.organisation)
    }

    private func signingRequest(_ der: Data) throws(RequestRefusal) -> CertificateSigningRequest {
        do {
            return try CertificateSigningRequest(der: der)
        } catch {
            throw RequestRefusal(
                .badCertificateRequest, "the certificate signing request is not usable: \(error)",
                field: "certificate_request")
        }
    }

    private func issue(
        _ request: CertificateSigningRequest, to member: MemberID, name: String, kind: MemberKind, roles: Set<Role>,
        organisation: Organisation?, now: Milliseconds
    ) throws -> IssuedCertificate {
        let profile: CertificateProfile.MemberKind =
            switch kind {
            case .service: .service
            case .person: roles.contains { $0 >= .organisationAdministrator } ? .administrator : .person
            }
        guard let uuid = UUID(uuidString: member.description) else {
            preconditionFailure("a member id is a UUID")
        }
        let certificate = try authority.issueMember(
            request, kind: profile, relayDomain: identity.domain, memberID: uuid,
            subject: DistinguishedName(
                country: organisation?.country, organisation: organisation?.name, commonName: name
            ).fitting,
            now: now / 1_000)
        guard let issuerKeyID = certificate.authorityKeyID else {
            preconditionFailure("every certificate of this authority names its issuer's key")
        }
        return IssuedCertificate(
            fingerprint: certificate.fingerprint, issuerKeyID: issuerKeyID, serial: certificate.serialNumber,
            der: certificate.der, notBeforeSeconds: certificate.notBefore, notAfterSeconds: certificate.notAfter)
    }

    private func enrolled(
        _ issued: IssuedCertificate, _ member: Member, _ organisation: Organisation
    ) -> WireEnrolled {
        var reply = WireEnrolled()
        reply.certificate = Data(issued.der)
        let authority = authority
        // The one that signed this certificate: a rollover may have come in between.
        reply.issuers = [
            authority.knownIssuer(keyID: issued.issuerKeyID) ?? authority.issuingCertificates[0], authority.root,
        ].map {
            Data($0.der)
        }
        reply.member = WireMember(member, showsRoles: true)
        reply.organisation = WireOrganisation(organisation, showsClients: false)
        reply.relayID = Data(identity.relayID)
        return reply
    }
}
