internal import FoundationEssentials
package import LessonModel
package import Storage
package import Wire

/// The requests of `lessons/1` with their answers; each throws what `RelayConnection.request` throws.
extension RelayConnection {
    /// Stores a post; returns once it is on the relay's disk.
    package func publish(_ post: SignedPost) async throws(ClientError) -> WirePublished {
        try await Self.published(submitPublish(post))
    }

    /// Hands a post over for sending; see `published`.
    package func submitPublish(_ post: SignedPost) -> PendingResponse {
        var publish = WirePublish()
        publish.post = WireSignedPost(post)
        return submit(.publish(publish))
    }

    /// Waits for the answer to `submitPublish`.
    package static func published(_ response: PendingResponse) async throws(ClientError) -> WirePublished {
        guard case .published(let published) = try await response.value() else { throw unexpectedAnswer }
        return published
    }

    /// - Parameter durable: nil ends this connection's stream; a name removes that subscription, or with `topics` only
    ///   those topic filters of it.
    package func unsubscribe(durable: String? = nil, topics: [String] = []) async throws(ClientError) {
        var unsubscribe = WireUnsubscribe()
        unsubscribe.durable = durable ?? ""
        unsubscribe.topics = topics
        try await done(.unsubscribe(unsubscribe))
    }

    package func subscriptions() async throws(ClientError) -> [WireDurableSubscription] {
        guard case .subscriptionList(let list) = try await request(.listSubscriptions(WireListSubscriptions())) else {
            throw Self.unexpectedAnswer
        }
        return list.subscriptions
    }

    /// - Parameter ids: at most 100.
    package func posts(_ ids: [PostID]) async throws(ClientError) -> [StoredPost] {
        var fetch = WireFetchPosts()
        fetch.postIds = ids.map { Data($0.bytes) }
        guard case .posts(let posts) = try await request(.fetchPosts(fetch)) else { throw Self.unexpectedAnswer }
        return posts.posts.map(\.value)
    }

    package func statistics(_ fetch: WireFetchStatistics) async throws(ClientError) -> WireStatistics {
        guard case .statistics(let found) = try await request(.fetchStatistics(fetch)) else {
            throw Self.unexpectedAnswer
        }
        return found
    }

    package func held(_ list: WireListHeld) async throws(ClientError) -> WireHeldList {
        guard case .heldList(let found) = try await request(.listHeld(list)) else { throw Self.unexpectedAnswer }
        return found
    }

    /// - Returns: the approved post's place in the log; nil for another decision.
    @discardableResult
    package func decide(_ decision: WireDecideHeld) async throws(ClientError) -> SequenceNumber? {
        switch try await request(.decideHeld(decision)) {
        case .published(let published): return published.sequence
        case .done: return nil
        default: throw Self.unexpectedAnswer
        }
    }

    /// Asks the curators of a post's topic to look at it.
    /// - Parameter reason: 1 to 2,000 bytes.
    package func flag(_ post: PostID, reason: String) async throws(ClientError) {
        var flag = WireFlagPost()
        flag.postID = Data(post.bytes)
        flag.reason = reason
        try await done(.flagPost(flag))
    }

    /// One page of flags after a number.
    package func flags(mine: Bool, after number: Int64 = 0) async throws(ClientError) -> WireFlagList {
        var list = WireListFlags()
        list.mine = mine
        list.after = number
        guard case .flagList(let found) = try await request(.listFlags(list)) else { throw Self.unexpectedAnswer }
        return found
    }

    /// - Parameter outcome: what came of it, 1 to 2,000 bytes.
    package func closeFlag(_ number: Int64, outcome: String) async throws(ClientError) {
        var close = WireCloseFlag()
        close.number = number
        close.outcome = outcome
        try await done(.closeFlag(close))
    }

    package func changeTopic(_ change: WireChangeTopic) async throws(ClientError) {
        guard case .done = try await request(.changeTopic(change)) else { throw Self.unexpectedAnswer }
    }

    /// Tells the relay of marks on threads, at most 500.
    /// - Parameter marks: each with true when its number takes the place of a higher one.
    package func setMarks(_ marks: [(mark: ThreadMark, isUnread: Bool)]) async throws(ClientError) {
        var set = WireSetThreadMarks()
        set.marks = marks.map { entry in
            var mark = WireThreadMark()
            mark.threadID = Data(entry.mark.thread.bytes)
            mark.readThrough = entry.mark.readThrough
            mark.unread = entry.isUnread
            mark.attention = WireThreadAttention(rawValue: entry.mark.attention.rawValue) ?? .normal
            return mark
        }
        guard case .threadMarkList = try await request(.setThreadMarks(set)) else { throw Self.unexpectedAnswer }
    }

    /// One page of the member's marks that changed after a version.
    package func marks(after version: Int64) async throws(ClientError) -> WireThreadMarkList {
        var list = WireListThreadMarks()
        list.afterVersion = version
        guard case .threadMarkList(let found) = try await request(.listThreadMarks(list)) else {
            throw Self.unexpectedAnswer
        }
        return found
    }

    /// Threads on which the member's organisation owes a report.
    package func owed(_ list: WireListOwed) async throws(ClientError) -> WireThreadList {
        guard case .threadList(let found) = try await request(.listOwed(list)) else { throw Self.unexpectedAnswer }
        return found
    }

    /// - Parameter limit: 1 to 500; 0 for the relay's choice.
    package func thread(
        _ id: PostID, after sequence: SequenceNumber = 0, limit: UInt32 = 0
    ) async throws(ClientError) -> WireThreadPage {
        var fetch = WireFetchThread()
        fetch.threadID = Data(id.bytes)
        fetch.afterSequence = sequence
        fetch.limit = limit
        guard case .threadPage(let page) = try await request(.fetchThread(fetch)) else { throw Self.unexpectedAnswer }
        return page
    }

    /// - Parameters:
    ///   - sequence: those whose last post is before it; 0 for the newest.
    ///   - limit: 1 to 500; 0 for the relay's choice.
    package func threads(
        filter: SubscriptionFilter? = nil, organisation: OrganisationSlug? = nil, before sequence: SequenceNumber = 0,
        limit: UInt32 = 0
    ) async throws(ClientError) -> WireThreadList {
        var list = WireListThreads()
        if let filter { list.filter = WireFilter(filter) }
        list.organisation = organisation?.text ?? ""
        list.beforeSequence = sequence
        list.limit = limit
        guard case .threadList(let threads) = try await request(.listThreads(list)) else { throw Self.unexpectedAnswer }
        return threads
    }

    package func search(_ search: WireSearch) async throws(ClientError) -> WireSearchResults {
        guard case .searchResults(let results) = try await request(.search(search)) else { throw Self.unexpectedAnswer }
        return results
    }

    package func topics() async throws(ClientError) -> [WireTopicSummary] {
        guard case .topicList(let list) = try await request(.listTopics(WireListTopics())) else {
            throw Self.unexpectedAnswer
        }
        return list.topics
    }

    /// - Parameter fingerprints: at most 100.
    package func certificates(_ fingerprints: [[UInt8]]) async throws(ClientError) -> WireCertificateList {
        var fetch = WireFetchCertificates()
        fetch.fingerprints = fingerprints.map { Data($0) }
        guard case .certificateList(let list) = try await request(.fetchCertificates(fetch)) else {
            throw Self.unexpectedAnswer
        }
        return list
    }

    /// All, in the order of their short names; asks page by page.
    package func organisations() async throws(ClientError) -> [WireOrganisation] {
        var list = WireListOrganisations()
        var organisations: [WireOrganisation] = []
        while true {
            guard case .organisationList(let page) = try await request(.listOrganisations(list)) else {
                throw Self.unexpectedAnswer
            }
            organisations += page.organisations
            guard page.more, let last = page.organisations.last, last.slug > list.after else { return organisations }
            list.after = last.slug
        }
    }

    /// All, in the order of their ids; asks page by page.
    /// - Parameters:
    ///   - organisation: nil for the members of all.
    ///   - search: a part of the name; empty for all.
    package func members(
        of organisation: OrganisationSlug? = nil, search: String = ""
    ) async throws(ClientError) -> [WireMember] {
        var list = WireListMembers()
        list.organisation = organisation?.text ?? ""
        list.search = search
        var members: [WireMember] = []
        while true {
            guard case .memberList(let page) = try await request(.listMembers(list)) else {
                throw Self.unexpectedAnswer
            }
            members += page.members
            guard page.more, let last = page.members.last, last.memberID != list.afterMemberID else { return members }
            list.afterMemberID = last.memberID
        }
    }

    /// One member; nil when there is none of that id. Costs one entry of a page.
    package func member(_ id: MemberID) async throws(ClientError) -> WireMember? {
        var list = WireListMembers()
        list.afterMemberID = Data(id.predecessor?.bytes ?? [])
        list.limit = 1
        guard case .memberList(let page) = try await request(.listMembers(list)) else { throw Self.unexpectedAnswer }
        return page.members.first { Array($0.memberID) == id.bytes }
    }

    func done(_ body: WireFrame.OneOf_Body) async throws(ClientError) {
        guard case .done = try await request(body) else { throw Self.unexpectedAnswer }
    }
}

extension MemberID {
    /// The id just before this one in the order of their bytes; nil for the first.
    fileprivate var predecessor: MemberID? {
        var bytes = bytes
        for index in bytes.indices.reversed() {
            if bytes[index] > 0 {
                bytes[index] -= 1
                return MemberID(bytes: bytes)
            }
            bytes[index] = 0xFF
        }
        return nil
    }
}
