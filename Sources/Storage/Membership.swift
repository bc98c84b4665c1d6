package import LessonModel

/// What an invitation promises to whoever redeems it.
package struct InvitationTerms: Hashable, Sendable {
    package var organisation: OrganisationSlug
    package var memberName: String
    package var memberKind: MemberKind
    package var roles: Set<Role>
    /// Set when the invitation is for a further certificate of this member; name, kind and roles are then not used.
    package var existingMember: MemberID?
    /// With `existingMember`: it can be redeemed only while the member holds no certificate that is in force or on hold.
    package var isWayBack: Bool
    /// Nil when it was made on the relay's machine.
    package var createdBy: MemberID?
    package var createdAt: Milliseconds
    package var expiresAt: Milliseconds

    package init(
        organisation: OrganisationSlug, memberName: String, memberKind: MemberKind, roles: Set<Role>,
        existingMember: MemberID? = nil, isWayBack: Bool = false, createdBy: MemberID? = nil,
        createdAt: Milliseconds, expiresAt: Milliseconds
    ) {
        self.organisation = organisation
        self.memberName = memberName
        self.memberKind = memberKind
        self.roles = roles
        self.existingMember = existingMember
        self.isWayBack = isWayBack
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// An invitation as the relay keeps it; the token itself is known to the invited only.
package struct Invitation: Hashable, Sendable, Identifiable {
    package var id: Int64
    package var terms: InvitationTerms
    package var redeemedAt: Milliseconds?
    package var redeemedBy: MemberID?
    package var revokedAt: Milliseconds?
}

/// A member who has just joined, or joined with a further device.
package struct Redemption: Hashable, Sendable {
    package var member: Member
    package var organisation: Organisation
    package var certificate: IssuedCertificate
}

/// A member with what an administrator's list shows besides.
package struct MemberRow: Hashable, Sendable {
    package var member: Member
    package var createdAt: Milliseconds
    /// Neither revoked nor ended.
    package var certificateCount: Int
    /// On hold and not ended.
    package var heldCertificateCount: Int
    /// The latest end of a certificate that is not revoked, in seconds since 1970; nil without any.
    package var latestNotAfterSeconds: Int64?
}

/// An organisation with what an administrator's list shows besides. Its clients are not filled in.
package struct OrganisationRow: Hashable, Sendable {
    package var organisation: Organisation
    package var createdAt: Milliseconds
    /// Suspended ones included.
    package var memberCount: Int
    package var suspendedMemberCount: Int
    /// Neither revoked nor ended.
    package var certificateCount: Int
}

/// What there is in numbers, of the whole relay or of one organisation.
package struct MembershipCounts: Hashable, Sendable {
    package var organisations = 0
    package var suspendedOrganisations = 0
    package var members = 0
    package var suspendedMembers = 0
    /// Neither revoked nor ended.
    package var certificates = 0
    /// Of those, that end within the time asked for.
    package var certificatesEnding = 0
    /// Members whose last certificate is among those.
    package var membersEnding = 0
    /// Neither redeemed, withdrawn nor expired.
    package var openInvitations = 0
}

/// A topic and what it is for.
package struct TopicDescription: Hashable, Sendable {
    package var topic: Topic
    package var description: String

    package init(topic: Topic, description: String) {
        self.topic = topic
        self.description = description
    }
}

/// A durable subscription: what it selects, and how far its owner has acknowledged.
package struct StoredSubscription: Hashable, Sendable {
    package static let maxDurableBytes = 64
    package static let maxPerMember = 32

    package var member: MemberID
    package var durable: String
    /// At least one selects what is delivered.
    package var filters: [SubscriptionFilter]
    package var cursor: SequenceNumber
    package var createdAt: Milliseconds
    package var updatedAt: Milliseconds
}

/// Where a saved subscription goes on.
package enum CursorStart: Hashable, Sendable {
    /// An existing subscription stays where it is; a new one begins after this.
    case keep(orAfter: SequenceNumber)
    /// Also moves an existing one, forwards or backwards.
    case after(SequenceNumber)
}
