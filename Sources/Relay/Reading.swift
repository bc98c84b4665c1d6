import Foundation
import LessonModel
import PKI
import Storage
import Wire

/// Reading requests. What the viewer may not see is neither shown nor counted: storage applies visibility in the query.
extension RelayCore {
    static let maxFetchedPosts = 100
    static let maxPageEntries = 500
    /// A page ends early at this size, so that it fits a frame.
    static let maxPageBytes = 512 << 10

    func posts(_ request: WireFetchPosts, _ viewer: Viewer) throws -> WirePosts {
        guard request.postIds.count <= RelayCore.maxFetchedPosts else {
            throw RequestRefusal(
                .invalid, "ask for at most \(RelayCore.maxFetchedPosts) posts at once", field: "post_ids")
        }
        let ids = try request.postIds.map { bytes throws(RequestRefusal) in
            guard let id = PostID(bytes: bytes) else {
                throw RequestRefusal(.invalid, "a post id is 16 bytes", field: "post_ids")
            }
            return id
        }
        var found: [StoredPost] = []
        var bytes = 0
        // One by one: a hundred of the largest posts are more than one request may cost.
        var asked: Set<PostID> = []
        for id in ids where asked.insert(id).inserted {
            guard let post = try store.posts(ids: [id], viewer: viewer).first else { continue }
            bytes += post.post.content.count
            if bytes > RelayCore.maxPageBytes, !found.isEmpty { break }
            found.append(post)
        }
        var reply = WirePosts()
        reply.posts = found.sorted { $0.sequence < $1.sequence }.map(WireStoredPost.init)
        return reply
    }

    func thread(_ request: WireFetchThread, _ viewer: Viewer) throws -> WireThreadPage {
        guard let id = PostID(bytes: request.threadID) else {
            throw RequestRefusal(.invalid, "a thread id is 16 bytes", field: "thread_id")
        }
        let limit = try pageLimit(request.limit, standard: 100)
        guard
            let page = try store.thread(
                id, viewer: viewer, after: request.afterSequence, limit: limit, maxBytes: RelayCore.maxPageBytes)
        else {
            throw RequestRefusal(.unknownThread, "the thread does not exist, or is not for you", field: "thread_id")
        }
        var reply = WireThreadPage()
        reply.summary = WireThreadSummary(page.thread)
        reply.more = page.hasMore
        reply.posts = page.posts.map(WireStoredPost.init)
        return reply
    }

    func threads(_ request: WireListThreads, _ viewer: Viewer) throws -> WireThreadList {
        let limit = try pageLimit(request.limit, standard: 50)
        var query = ThreadQuery(order: .lastActivity, limit: min(limit + 1, ThreadQuery.maxLimit))
        if request.hasFilter { query.filter = try filter(request.filter) }
        if !request.organisation.isEmpty {
            guard let slug = OrganisationSlug(request.organisation) else {
                throw RequestRefusal(.invalid, "the organisation's short name is malformed", field: "organisation")
            }
            query.organisation = slug
        }
        query.before = request.beforeSequence > 0 ? request.beforeSequence : nil
        let found = try store.threads(query, viewer: viewer)
        var reply = WireThreadList()
        reply.threads = found.prefix(limit).map(WireThreadSummary.init)
        reply.more = found.count > limit || found.count == ThreadQuery.maxLimit
        return reply
    }

    func topics(_ viewer: Viewer) throws -> WireTopicList {
        var reply = WireTopicList()
        reply.topics = try store.topics(viewer: viewer).map { summary in
            var topic = WireTopicSummary()
            topic.path = summary.topic.path
            topic.formerPaths = summary.formerNames.map(\.path)
            topic.description_p = summary.description
            topic.threads = UInt32(clamping: summary.threadCount)
            topic.posts = UInt32(clamping: summary.postCount)
            topic.lastSequence = summary.lastSequence
            topic.archived = summary.isArchived
            topic.moderated = summary.isModerated
            topic.keepDays = UInt32(clamping: summary.retention.keepDays)
            topic.reviewDays = UInt32(clamping: summary.retention.reviewDays)
            return topic
        }
        return reply
    }

    /// Any reader may have any author's certificate: a fingerprint is known only from a post that was delivered, and a
    /// certificate tells no more than the member list does.
    func certificates(_ request: WireFetchCertificates) throws -> WireCertificateList {
        guard request.fingerprints.count <= RelayCore.maxFetchedPosts,
            request.fingerprints.allSatisfy({ $0.count == SHA256.byteCount })
        else {
            throw RequestRefusal(
                .invalid, "ask for at most \(RelayCore.maxFetchedPosts) fingerprints of 32 bytes", field: "fingerprints"
            )
        }
        return list(try store.certificates(fingerprints: request.fingerprints.map { Array($0) }))
    }

    func list(_ certificates: [StoredCertificate]) -> WireCertificateList {
        var reply = WireCertificateList()
        let authority = authority
        // Those that these certificates chain through, also when retired: a client looks at no more than a few.
        let keyIDs = Set(certificates.map(\.issued.issuerKeyID))
        reply.issuers = (authority.issuingCertificates + authority.retired)
            .filter { keyIDs.contains($0.subjectKeyID ?? []) }.map { Data($0.der) }
        reply.certificates = certificates.map { stored in
            var entry = WireCertificateEntry()
            entry.fingerprint = Data(stored.issued.fingerprint)
            entry.certificate = Data(stored.issued.der)
            entry.memberID = Data(stored.member.bytes)
            if let revocation = stored.revocation {
                entry.revokedAtMs = revocation.at
                entry.revocationReason = (RevocationReason(rawValue: revocation.reason) ?? .unspecified).name
            }
            return entry
        }
        return reply
    }

    func organisations(
        _ request: WireListOrganisations, _ principal: Principal
    ) throws -> WireOrganisationList {
        let limit = try pageLimit(request.limit)
        let isAdministrator = AccessPolicy.isRelayAdministrator(principal)
        let found = try store.organisations(after: request.after, limit: limit + 1)
        let page = page(found, limit: limit) { $0.name.utf8.count + 320 + $0.clients.count * 42 }
        var reply = WireOrganisationList()
        reply.more = page.more
        reply.organisations = page.rows.map {
            WireOrganisation($0, showsClients: isAdministrator || $0.slug == principal.organisation.slug)
        }
        return reply
    }

    func members(_ request: WireListMembers, _ principal: Principal) throws -> WireMemberList {
        guard AccessPolicy.mayListMembers(principal) else {
            throw RequestRefusal(AccessPolicy.refusal("listing members", principal))
        }
        let limit = try pageLimit(request.limit)
        let after = MemberID(bytes: request.afterMemberID)
        guard after != nil || request.afterMemberID.isEmpty else {
            throw RequestRefusal(.invalid, "a member id is 16 bytes", field: "after_member_id")
        }
        let query = MemberQuery(
            organisation: try request.organisation.nonEmpty.map { try organisation($0).slug }, after: after,
            search: try searchText(request.search), limit: limit + 1)
        let page = page(try store.members(query), limit: limit) { $0.listedBytes }
        var reply = WireMemberList()
        reply.more = page.more
        reply.members = page.rows.map {
            WireMember(
                $0, showsRoles: $0.id == principal.member.id || AccessPolicy.mayAdminister($0.organisation, principal))
        }
        return reply
    }
}

extension Member {
    /// A bound of what a list spends on the member, in bytes.
    var listedBytes: Int { name.utf8.count + 140 + curatedTopics.reduce(0) { $0 + $1.path.utf8.count + 3 } }
}

extension WireThreadSummary {
    init(_ summary: ThreadSummary) {
        self.init()
        threadID = Data(summary.id.bytes)
        topic = summary.topic.path
        title = summary.title
        language = summary.language
        marking = WireMarking(summary.marking)
        state = WireThreadState(rawValue: summary.state.rawValue) ?? .unspecified
        organisation = summary.organisation.text
        country = summary.country ?? ""
        sequence = summary.sequence
        lastSequence = summary.lastSequence
        posts = UInt32(clamping: summary.postCount)
        receivedAtMs = summary.receivedAt
        endorsements = UInt32(clamping: summary.reception.endorsements)
        applications = ApplicationReport.Status.allCases.compactMap { status in
            guard let organisations = summary.reception.applications[status] else { return nil }
            var count = WireApplicationCount()
            count.status = WireApplicationStatus(status)
            count.organisations = UInt32(clamping: organisations)
            return count
        }
        supersededBy = summary.reception.supersededBy.map { Data($0.bytes) } ?? Data()
        translations = summary.reception.translations
        redacted = summary.reception.isRedacted
    }
}
