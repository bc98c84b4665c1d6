internal import FoundationEssentials
package import LessonModel
package import Wire

/// Requests of administrators with their answers; each throws what `RelayConnection.request` throws.
extension RelayConnection {
    package func addOrganisation(_ organisation: Organisation) async throws(ClientError) {
        var add = WireAddOrganisation()
        add.organisation = WireOrganisation(organisation, showsClients: true)
        try await done(.addOrganisation(add))
    }

    package func changeOrganisation(_ change: WireChangeOrganisation) async throws(ClientError) {
        try await done(.changeOrganisation(change))
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

    package func remove(organisation: OrganisationSlug) async throws(ClientError) -> WireRemoved {
        try await remove(.organisation(organisation.text))
    }

    package func remove(member: MemberID) async throws(ClientError) -> WireRemoved {
        try await remove(.memberID(Data(member.bytes)))
    }

    private func remove(_ target: WireRemove.OneOf_Target) async throws(ClientError) -> WireRemoved {
        var remove = WireRemove()
        remove.target = target
        guard case .removed(let removed) = try await request(.remove(remove)) else { throw Self.unexpectedAnswer }
        return removed
    }

    /// Erases the names of the people of an organisation that was removed.
    package func eraseNames(of organisation: OrganisationSlug) async throws(ClientError) -> WireNamesErased {
        var erase = WireEraseNames()
        erase.organisation = organisation.text
        guard case .namesErased(let erased) = try await request(.eraseNames(erase)) else { throw Self.unexpectedAnswer }
        return erased
    }

    /// - Returns: how many sessions were ended.
    @discardableResult
    package func setSuspended(
        _ isSuspended: Bool, organisation: OrganisationSlug
    ) async throws(ClientError) -> UInt32 {
        try await setSuspension(.organisation(organisation.text), isSuspended)
    }

    /// - Returns: how many sessions were ended.
    @discardableResult
    package func setSuspended(_ isSuspended: Bool, member: MemberID) async throws(ClientError) -> UInt32 {
        try await setSuspension(.memberID(Data(member.bytes)), isSuspended)
    }

    private func setSuspension(
        _ target: WireSetSuspension.OneOf_Target, _ isSuspended: Bool
    ) async throws(ClientError) -> UInt32 {
        var set = WireSetSuspension()
        set.target = target
        set.suspended = isSuspended
        guard case .suspensionSet(let answer) = try await request(.setSuspension(set)) else {
            throw Self.unexpectedAnswer
        }
        return answer.sessions
    }

    /// - Parameter topics: with the role curator, what the member is to curate; none stands for every topic.
    package func setRoles(
        _ roles: Set<Role>, curating topics: Set<Topic> = [], of member: MemberID
    ) async throws(ClientError) {
        var set = WireSetRoles()
        set.curatedTopics = topics.sorted().map(\.path)
        set.memberID = Data(member.bytes)
        set.roles = roles.sorted().compactMap { WireRole(rawValue: $0.rawValue) }
        try await done(.setRoles(set))
    }

    /// All that this administrator may see, in the order of their short names; asks page by page.
    package func organisationSummaries() async throws(ClientError) -> [WireOrganisationSummary] {
        var list = WireListOrganisationSummaries()
        var summaries: [WireOrganisationSummary] = []
        while true {
            guard case .organisationSummaryList(let page) = try await request(.listOrganisationSummaries(list)) else {
                throw Self.unexpectedAnswer
            }
            summaries += page.organisations
            guard page.more, let last = page.organisations.last, last.organisation.slug > list.after else {
                return summaries
            }
            list.after = last.organisation.slug
        }
    }

    /// All that this administrator may see, in the order of their ids; asks page by page.
    /// - Parameters:
    ///   - organisation: nil for the members of all.
    ///   - search: a part of the name; empty for all.
    package func memberSummaries(
        of organisation: OrganisationSlug? = nil, search: String = ""
    ) async throws(ClientError) -> [WireMemberSummary] {
        var list = WireListMemberSummaries()
        list.organisation = organisation?.text ?? ""
        list.search = search
        var summaries: [WireMemberSummary] = []
        while true {
            guard case .memberSummaryList(let page) = try await request(.listMemberSummaries(list)) else {
                throw Self.unexpectedAnswer
            }
            summaries += page.members
            guard page.more, let last = page.members.last, last.member.memberID != list.afterMemberID else {
                return summaries
            }
            list.afterMemberID = last.member.memberID
        }
    }

    /// One page, newest first.
    package func audit(_ list: WireListAudit) async throws(ClientError) -> WireAuditPage {
        guard case .auditPage(let page) = try await request(.listAudit(list)) else { throw Self.unexpectedAnswer }
        return page
    }

    package func verifyAudit() async throws(ClientError) -> WireAuditVerification {
        guard case .auditVerification(let found) = try await request(.verifyAudit(WireVerifyAudit())) else {
            throw Self.unexpectedAnswer
        }
        return found
    }

    package func status() async throws(ClientError) -> WireStatus {
        guard case .status(let status) = try await request(.fetchStatus(WireFetchStatus())) else {
            throw Self.unexpectedAnswer
        }
        return status
    }
}
