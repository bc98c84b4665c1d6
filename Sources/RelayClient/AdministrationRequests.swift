internal import FoundationEssentials
package import LessonModel
package import Wire

/// Requests of administrators with their answers; each throws what `RelayConnection.request` throws.
extension RelayConnection {
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

    package func setRoles(_ roles: Set<Role>, of member: MemberID) async throws(ClientError) {
        var set = WireSetRoles()
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
    /// - Parameter organisation: nil for the members of all.
    package func memberSummaries(
        of organisation: OrganisationSlug? = nil
    ) async throws(ClientError) -> [WireMemberSummary] {
        var list = WireListMemberSummaries()
        list.organisation = organisation?.text ?? ""
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
