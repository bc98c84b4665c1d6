/// Who is asking. Every path that shows, counts or delivers posts decides with one of these.
package struct Viewer: Hashable, Sendable {
    package var member: MemberID
    package var organisation: OrganisationSlug

    package init(member: MemberID, organisation: OrganisationSlug) {
        self.member = member
        self.organisation = organisation
    }
}

/// Who may see a post, by its marking, its audience and its author (product.md's table of TLP 2.0).
///
/// A comment is seen by those who may see both it and its thread's lesson: the caller asks both.
package struct Visibility: Hashable, Sendable {
    package var marking: Marking
    package var audience: Audience
    package var author: MemberID
    package var organisation: OrganisationSlug

    package init(marking: Marking, audience: Audience, author: MemberID, organisation: OrganisationSlug) {
        self.marking = marking
        self.audience = audience
        self.author = author
        self.organisation = organisation
    }

    /// - Parameter clients: the named clients of an organisation, asked for AMBER only.
    package func allows(_ viewer: Viewer, clients: (OrganisationSlug) -> Set<OrganisationSlug>) -> Bool {
        switch marking {
        case .clear, .green:
            true
        case .amberStrict:
            viewer.organisation == organisation || audience.organisations.contains(viewer.organisation)
        case .amber:
            viewer.organisation == organisation || audience.organisations.contains(viewer.organisation)
                || audience.organisations.contains { clients($0).contains(viewer.organisation) }
        case .red:
            viewer.member == author || audience.members.contains(viewer.member)
        }
    }

    /// True when everybody whom `other` allows is allowed here too, whatever clients the organisations have.
    package func reachesAll(of other: Visibility) -> Bool {
        switch (other.marking, marking) {
        case (_, .clear), (_, .green): true
        case (.amber, .amber):
            // The author's organisation sees the post in any case, but its clients only when the audience names it.
            other.audience.organisations.isSubset(of: audience.organisations)
                && (other.organisation == organisation || audience.organisations.contains(other.organisation))
        case (.amberStrict, .amber), (.amberStrict, .amberStrict):
            other.audience.organisations.union([other.organisation])
                .isSubset(of: audience.organisations.union([organisation]))
        case (.red, .red):
            other.audience.members.union([other.author]).isSubset(of: audience.members.union([author]))
        case (.clear, _), (.green, _), (.amber, _), (.amberStrict, _), (.red, _): false
        }
    }

    /// True when `reply` is marked no wider than this, the thread's lesson, and names only those who may see the lesson.
    ///
    /// Of the viewers whom such a reply `allows`, those who may not see the lesson are the reply's author and the
    /// author's organisation where these may not see the lesson themselves, and the clients of an organisation that an
    /// AMBER reply names. Delivery asks the lesson's visibility too, so that these receive neither.
    /// `organisationOf` tells a member's organisation, nil when unknown.
    package func admits(
        reply: Visibility, clients: (OrganisationSlug) -> Set<OrganisationSlug>,
        organisationOf: (MemberID) -> OrganisationSlug?
    ) -> Bool {
        switch (marking, reply.marking) {
        case (.clear, _): return true
        case (.green, .clear): return false
        case (.green, _): return true
        case (_, .clear), (_, .green): return false
        case (.amber, .amber), (.amber, .amberStrict), (.amberStrict, .amberStrict):
            return reply.audience.organisations.allSatisfy { slug in
                slug == organisation || audience.organisations.contains(slug)
                    || marking == .amber && audience.organisations.contains { clients($0).contains(slug) }
            }
        case (.amberStrict, .amber), (.red, .amber), (.red, .amberStrict): return false
        case (.amber, .red), (.amberStrict, .red), (.red, .red):
            return reply.audience.members.allSatisfy { member in
                guard let home = organisationOf(member) else { return false }
                return allows(Viewer(member: member, organisation: home), clients: clients)
            }
        }
    }
}

extension Post {
    /// Who may see this post, its thread aside.
    package var visibility: Visibility {
        Visibility(marking: marking, audience: audience, author: author, organisation: organisation)
    }
}
