package import LessonModel
package import PKI

/// Who this client is for one relay: the certificate with its key, the root it trusts, and what the relay said of the member.
package struct ClientIdentity: Sendable {
    /// The member's certificate first, then those up to the root, without the root.
    package var chain: [Certificate]
    /// The key of the first certificate.
    package var key: PrivateKey
    /// What protects the key on disk; nil where it lies there unprotected. Kept while the process lives, so that a renewed key
    /// is protected the same way.
    package var keyPassphrase: [UInt8]?
    /// The one certificate that everything the relay shows must lead to.
    package var root: Certificate
    /// As of joining, or of the last renewal.
    package var member: Member
    /// As of joining, or of the last renewal.
    package var organisation: Organisation
    /// 16 bytes that name the relay for ever.
    package var relayID: [UInt8]
    package var address: RelayAddress
    package var enrolmentAddress: RelayAddress
    /// Names this device among the member's; the default name of its durable subscription.
    package var device: String

    package init(
        chain: [Certificate], key: PrivateKey, root: Certificate, member: Member, organisation: Organisation,
        relayID: [UInt8], address: RelayAddress, enrolmentAddress: RelayAddress, device: String,
        keyPassphrase: [UInt8]? = nil
    ) {
        self.chain = chain
        self.key = key
        self.root = root
        self.member = member
        self.organisation = organisation
        self.relayID = relayID
        self.address = address
        self.enrolmentAddress = enrolmentAddress
        self.device = device
        self.keyPassphrase = keyPassphrase
    }

    /// The member's certificate; nil only for an identity that was put together without one.
    package var certificate: Certificate? { chain.first }

    package var viewer: Viewer { Viewer(member: member.id, organisation: member.organisation) }

    /// True once two thirds of the certificate's lifetime are over.
    /// - Parameter seconds: now, since 1970.
    package func needsRenewal(at seconds: Int64) -> Bool {
        certificate.map { seconds >= RenewalSchedule.due($0) } ?? true
    }

    /// True once the certificate's time is over: the relay then refuses it, and only a new invitation helps.
    package func isExpired(at seconds: Int64) -> Bool {
        guard let certificate else { return true }
        return seconds >= certificate.notAfter
    }

    /// A name for a new device: `device-` and 8 hexadecimal digits.
    package static func newDeviceName() -> String { "device-\(Hex.text(of: SecureRandom.bytes(4)))" }
}
