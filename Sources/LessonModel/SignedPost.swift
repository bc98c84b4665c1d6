/// A post as it travels and is stored: the opaque bytes that the author signed, never encoded again.
package struct SignedPost: Hashable, Sendable {
    /// Prepended to the content before it is signed, so that the signature fits nothing else.
    package static let signatureContext: [UInt8] = Array("lessons/1 post\u{0}".utf8)

    /// The encoded `PostContent`.
    package var content: [UInt8]
    /// ECDSA P-256 with SHA-256 over `signatureContext` and `content`, DER.
    package var signature: [UInt8]
    /// SHA-256 of the author's certificate in DER.
    package var certificateFingerprint: [UInt8]

    package init(content: [UInt8], signature: [UInt8], certificateFingerprint: [UInt8]) {
        self.content = content
        self.signature = signature
        self.certificateFingerprint = certificateFingerprint
    }
}

/// A post in the relay's log.
package struct StoredPost: Hashable, Sendable {
    package var sequence: SequenceNumber
    /// By the relay's clock.
    package var receivedAt: Milliseconds
    package var post: SignedPost

    package init(sequence: SequenceNumber, receivedAt: Milliseconds, post: SignedPost) {
        self.sequence = sequence
        self.receivedAt = receivedAt
        self.post = post
    }
}
