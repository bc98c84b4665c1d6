package import LessonModel
import PKI

/// A certificate as the relay's authority has just made it.
package struct IssuedCertificate: Hashable, Sendable {
    /// SHA-256 of `der`, 32 bytes; of the one that `der` replaces where the owner's name was erased.
    package var fingerprint: [UInt8]
    /// The issuer's subject key identifier.
    package var issuerKeyID: [UInt8]
    /// Big-endian.
    package var serial: [UInt8]
    package var der: [UInt8]
    /// Seconds since 1970, as in the certificate.
    package var notBeforeSeconds: Int64
    /// Seconds since 1970, as in the certificate.
    package var notAfterSeconds: Int64

    package init(
        fingerprint: [UInt8], issuerKeyID: [UInt8], serial: [UInt8], der: [UInt8], notBeforeSeconds: Int64,
        notAfterSeconds: Int64
    ) {
        self.fingerprint = fingerprint
        self.issuerKeyID = issuerKeyID
        self.serial = serial
        self.der = der
        self.notBeforeSeconds = notBeforeSeconds
        self.notAfterSeconds = notAfterSeconds
    }
}

/// A certificate as the relay remembers it, for ever: posts signed with it are checked long after its end.
package struct StoredCertificate: Hashable, Sendable {
    package var issued: IssuedCertificate
    package var member: MemberID
    package var recordedAt: Milliseconds
    package var revocation: Revocation?

    /// True when an administrator can take the revocation back.
    package var isOnHold: Bool { revocation?.reason == RevocationReason.certificateHold.rawValue }

    package struct Revocation: Hashable, Sendable {
        package var at: Milliseconds
        /// A CRLReason (RFC 5280 §5.3.1).
        package var reason: Int

        package init(at: Milliseconds, reason: Int) {
            self.at = at
            self.reason = reason
        }
    }
}

/// Which certificates to revoke or release. Those that are revoked for ever already keep their first revocation.
package enum CertificateSelection: Hashable, Sendable {
    case fingerprint([UInt8])
    case member(MemberID)
    case organisation(OrganisationSlug)
}
