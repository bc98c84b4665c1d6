import LessonModel
import PKI
import Storage

/// Who is a member, as a value in memory: what is not in it is denied.
///
/// A change replaces what it concerns and nothing else. Nobody outside `Membership` holds a copy, since the next change
/// would then copy all of it.
struct MemberDirectory {
    /// A certificate that is not revoked for ever.
    struct HeldCertificate: Equatable {
        var fingerprint: [UInt8]
        /// Seconds since 1970.
        var notAfterSeconds: Int64
        var isOnHold: Bool
    }

    private struct Entry {
        var member: Member
        var certificates: [HeldCertificate] = []
    }

    private(set) var organisations: [OrganisationSlug: Organisation] = [:]
    private(set) var topics: Set<Topic> = []
    private(set) var formerTopicNames = FormerTopicNames()
    private var entries: [MemberID: Entry] = [:]
    private var membersOf: [OrganisationSlug: Set<MemberID>] = [:]

    func member(_ id: MemberID) -> Member? { entries[id]?.member }

    /// One of `member`'s; nil when the member is none, or it is revoked for ever, unknown, or ended long ago.
    func certificate(_ fingerprint: [UInt8], of member: MemberID) -> HeldCertificate? {
        entries[member]?.certificates.first { $0.fingerprint == fingerprint }
    }

    /// How many certificates of `member` are in force at `seconds` since 1970, those on hold included.
    func certificateCount(of member: MemberID, at seconds: Int64) -> Int {
        entries[member]?.certificates.count { $0.notAfterSeconds >= seconds } ?? 0
    }

    /// Whether `organisation` has a member for whom `condition` is true.
    func hasMember(of organisation: OrganisationSlug, where condition: (Member) -> Bool) -> Bool {
        membersOf[organisation]?.contains { entries[$0].map { condition($0.member) } ?? false } ?? false
    }

    /// Puts `items` in the place of all that `scope` names.
    mutating func replace(_ scope: DirectoryScope, with items: [DirectoryItem]) {
        switch scope {
        case .everything: self = MemberDirectory()
        case .organisation(let slug): organisations[slug] = nil
        case .membersOf(let slug):
            organisations[slug] = nil
            for id in membersOf[slug] ?? [] { entries[id] = nil }
            membersOf[slug] = nil
        case .member(let id):
            if let slug = entries.removeValue(forKey: id)?.member.organisation { membersOf[slug]?.remove(id) }
        case .topics:
            topics = []
            formerTopicNames = FormerTopicNames()
        }
        for item in items { add(item) }
        if case .membersOf(let slug) = scope, organisations[slug] == nil {
            for other in organisations.keys { organisations[other]?.clients.remove(slug) }
        }
    }

    mutating func add(_ item: DirectoryItem) {
        switch item {
        case .organisation(let organisation): organisations[organisation.slug] = organisation
        case .member(let member):
            entries[member.id] = Entry(member: member)
            membersOf[member.organisation, default: []].insert(member.id)
        case .topic(let topic): topics.insert(topic)
        case .formerTopic(let former, let now): formerTopicNames[former] = now
        case .certificate(let certificate):
            let reason = certificate.revocation?.reason
            guard reason == nil || reason == RevocationReason.certificateHold.rawValue else { return }
            entries[certificate.member]?.certificates.append(
                HeldCertificate(
                    fingerprint: certificate.fingerprint, notAfterSeconds: certificate.notAfterSeconds,
                    isOnHold: reason != nil))
        }
    }
}
