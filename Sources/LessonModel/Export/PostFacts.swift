/// What an export says of a post beside its text.
package struct PostFacts: Hashable, Sendable {
    /// What is known of the signature, by the exporter's own check. The raw values stand in files.
    package enum Signature: String, CaseIterable, Sendable {
        /// The author's, by a certificate of the relay's authority.
        case verified
        /// Nobody has checked it yet.
        case unchecked
        /// It does not prove the author.
        case failed
    }

    package var id: PostID
    /// By its name; a reader may meet kinds that it does not know.
    package var kind: String
    /// What the post answers; nil where it answers the thread as a whole.
    package var parent: PostID?
    package var sequence: SequenceNumber
    /// By the author's clock, within the years 0000 to 9999.
    package var createdAt: Milliseconds
    /// By the relay's clock, within the years 0000 to 9999.
    package var receivedAt: Milliseconds
    package var author: MemberID
    /// Nil unless the signature proves it.
    package var authorName: String?
    package var organisation: OrganisationSlug
    package var marking: Marking
    package var audience: Audience
    /// BCP 47.
    package var language: String
    package var signature: Signature
    /// Files that belong to it; their bytes are not in the export.
    package var attachments: [Attachment]

    /// - Parameter authorName: of the certificate; left out where the signature does not prove it.
    package init(
        post: Post, sequence: SequenceNumber, receivedAt: Milliseconds, authorName: String?, signature: Signature
    ) {
        id = post.id
        kind = post.body.kind.name
        parent = post.body.parent
        self.sequence = sequence
        createdAt = TimestampText.held(post.createdAt)
        self.receivedAt = TimestampText.held(receivedAt)
        author = post.author
        self.authorName = signature == .verified ? Self.cleaned(authorName) : nil
        organisation = post.organisation
        marking = post.marking
        audience = post.audience
        language = post.language
        self.signature = signature
        attachments = post.attachments
    }

    package init(
        id: PostID, kind: String, parent: PostID?, sequence: SequenceNumber, createdAt: Milliseconds,
        receivedAt: Milliseconds, author: MemberID, authorName: String?, organisation: OrganisationSlug,
        marking: Marking, audience: Audience, language: String, signature: Signature,
        attachments: [Attachment] = []
    ) {
        self.id = id
        self.kind = kind
        self.parent = parent
        self.sequence = sequence
        self.createdAt = createdAt
        self.receivedAt = receivedAt
        self.author = author
        self.authorName = Self.cleaned(authorName)
        self.organisation = organisation
        self.marking = marking
        self.audience = audience
        self.language = language
        self.signature = signature
        self.attachments = attachments
    }

    private static func cleaned(_ name: String?) -> String? {
        name.map { CleanText.trimmed(SafeText.line($0)) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `Name (organisation)`; where the signature does not prove the author, the organisation with a word on that.
    package var byline: String {
        switch signature {
        case .verified: authorName.map { "\($0) (\(organisation))" } ?? organisation.text
        case .unchecked: "\(organisation) (signature not checked)"
        case .failed: "said to be of \(organisation) (NOT proved: the signature is wrong)"
        }
    }

    /// Whom the audience names, sorted.
    package var audienceNames: [String] {
        audience.organisations.sorted().map(\.text) + audience.members.sorted().map(\.description)
    }
}

/// An attachment in one line of an export: `SHA-256 SIZE TYPE NAME`, of which only the name may hold spaces.
extension Attachment {
    package var exportLine: String { "\(Hex.text(of: digest)) \(size) \(mediaType) \(name)" }

    /// Nil for what is no such line.
    package init?(exportLine line: String) {
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let digest = Hex.bytes(of: parts[0]), let size = Int64(parts[1]) else { return nil }
        self.init(name: parts[3], mediaType: parts[2], size: size, digest: digest)
        guard (try? validate()) != nil else { return nil }
    }
}
