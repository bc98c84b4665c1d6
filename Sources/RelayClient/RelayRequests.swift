internal import FoundationEssentials
package import LessonModel
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

    package func organisations() async throws(ClientError) -> [WireOrganisation] {
        guard case .organisationList(let list) = try await request(.listOrganisations(WireListOrganisations())) else {
            throw Self.unexpectedAnswer
        }
        return list.organisations
    }

    /// - Parameter organisation: nil for the members of all.
    package func members(of organisation: OrganisationSlug? = nil) async throws(ClientError) -> [WireMember] {
        var list = WireListMembers()
        list.organisation = organisation?.text ?? ""
        guard case .memberList(let members) = try await request(.listMembers(list)) else { throw Self.unexpectedAnswer }
        return members.members
    }

    package func invite(_ invite: WireInvite) async throws(ClientError) -> WireInvited {
        guard case .invited(let invited) = try await request(.invite(invite)) else { throw Self.unexpectedAnswer }
        return invited
    }

    package func invitations() async throws(ClientError) -> [WireInvitationEntry] {
        guard case .invitationList(let list) = try await request(.listInvitations(WireListInvitations())) else {
            throw Self.unexpectedAnswer
        }
        return list.invitations
    }

    package func revokeInvitation(_ id: [UInt8]) async throws(ClientError) {
        var revoke = WireRevokeInvitation()
        revoke.invitationID = Data(id)
        try await done(.revokeInvitation(revoke))
    }

    package func addOrganisation(_ organisation: Organisation) async throws(ClientError) {
        var add = WireAddOrganisation()
        add.organisation = WireOrganisation(organisation, showsClients: true)
        try await done(.addOrganisation(add))
    }

    package func addTopic(_ topic: Topic, description: String) async throws(ClientError) {
        var add = WireAddTopic()
        add.path = topic.path
        add.description_p = description
        try await done(.addTopic(add))
    }

    package func setClients(
        _ clients: [OrganisationSlug], of organisation: OrganisationSlug
    ) async throws(ClientError) {
        var set = WireSetClients()
        set.organisation = organisation.text
        set.clients = clients.map(\.text)
        try await done(.setClients(set))
    }

    package func revokeCertificates(_ revoke: WireRevokeCertificates) async throws(ClientError) -> WireRevoked {
        guard case .revoked(let revoked) = try await request(.revokeCertificates(revoke)) else {
            throw Self.unexpectedAnswer
        }
        return revoked
    }

    /// - Parameter organisation: nil for all that this administrator may see.
    package func administeredCertificates(
        of organisation: OrganisationSlug? = nil
    ) async throws(ClientError) -> WireCertificateList {
        var list = WireListCertificates()
        list.organisation = organisation?.text ?? ""
        guard case .certificateList(let certificates) = try await request(.listCertificates(list)) else {
            throw Self.unexpectedAnswer
        }
        return certificates
    }

    func done(_ body: WireFrame.OneOf_Body) async throws(ClientError) {
        guard case .done = try await request(body) else { throw Self.unexpectedAnswer }
    }
}
