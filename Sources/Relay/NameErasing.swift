import Foundation
import LessonModel
import PKI
import Storage
import Synchronization
import Wire

extension RelayCore {
    func eraseNames(_ request: WireEraseNames, _ principal: Principal) throws -> WireNamesErased {
        try requireRelayAdministrator(principal, "erasing names")
        guard let slug = OrganisationSlug(request.organisation) else {
            throw RequestRefusal(.invalid, "the organisation's short name is malformed", field: "organisation")
        }
        var replacements: [[UInt8]: IssuedCertificate] = [:]
        // Of one that is still here nothing is made; the store refuses it below.
        if membership.organisation(slug) == nil {
            for stored in try store.certificatesInUse(of: slug) {
                replacements[stored.issued.fingerprint] = try replacement(of: stored)
            }
        }
        let erasure = try store.eraseNames(
            of: slug, replacements: replacements, audit: entry("names.erase", principal, [:]))
        namesErasedAt.store(try store.namesErasedAt(), ordering: .releasing)
        // The certificates that have come are revoked; the lists that are published have to know them.
        try refreshMembership(.everything)
        indexSoon()
        var reply = WireNamesErased()
        reply.members = UInt32(clamping: erasure.members)
        reply.certificates = UInt32(clamping: erasure.certificates)
        reply.certificatesLost = UInt32(clamping: erasure.withoutReplacement)
        reply.auditEntries = UInt32(clamping: erasure.auditEntries)
        return reply
    }

    /// The same certificate without its owner's name; nil when its issuing certificate is retired.
    private func replacement(of stored: StoredCertificate) throws -> IssuedCertificate? {
        let certificate = try Certificate(der: stored.issued.der)
        var subject = DistinguishedName(subjectOf: certificate)
        subject.commonName = RelayStore.erasedName
        guard let reissued = try authority.reissueMember(certificate, subject: subject.fitting) else { return nil }
        return IssuedCertificate(
            fingerprint: reissued.fingerprint, issuerKeyID: stored.issued.issuerKeyID, serial: reissued.serialNumber,
            der: reissued.der, notBeforeSeconds: reissued.notBefore, notAfterSeconds: reissued.notAfter)
    }
}
