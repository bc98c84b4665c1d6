import Foundation
import LessonModel
import PKI
import Storage
import Synchronization
import Wire

/// What administrators read: summaries, the audit log, the relay's state. An organisation administrator sees what is of
/// their own organisation.
extension RelayCore {
    private static let maxActionPatternBytes = 64
    private static let standardAuditPage = 100
    /// What ends within this time is told as ending.
    private static let endingSpan: Milliseconds = 14 * 24 * 3_600_000

    func organisationSummaries(
        _ request: WireListOrganisationSummaries, _ principal: Principal
    ) throws -> WireOrganisationSummaryList {
        let scope = try scope(principal, "listing organisations with their counts")
        let limit = try pageLimit(request.limit)
        let found = try store.organisationRows(only: scope, after: request.after, limit: limit + 1, now: clock())
        let page = page(found, limit: limit) { $0.organisation.name.utf8.count + 360 }
        var reply = WireOrganisationSummaryList()
        reply.more = page.more
        reply.organisations = page.rows.map { row in
            var summary = WireOrganisationSummary()
            summary.organisation = WireOrganisation(row.organisation, showsClients: false)
            summary.members = UInt32(clamping: row.memberCount)
            summary.suspendedMembers = UInt32(clamping: row.suspendedMemberCount)
            summary.certificates = UInt32(clamping: row.certificateCount)
            summary.createdAtMs = row.createdAt
            return summary
        }
        return reply
    }

    func memberSummaries(_ request: WireListMemberSummaries, _ principal: Principal) throws -> WireMemberSummaryList {
        var scope = try scope(principal, "listing members with their certificates")
        if let wanted = try request.organisation.nonEmpty.map({ try organisation($0).slug }) {
            guard AccessPolicy.mayAdminister(wanted, principal) else {
                throw RequestRefusal(AccessPolicy.refusal("listing the members of \(wanted)", principal))
            }
            scope = wanted
        }
        let after = MemberID(bytes: request.afterMemberID)
        guard after != nil || request.afterMemberID.isEmpty else {
            throw RequestRefusal(.invalid, "a member id is 16 bytes", field: "after_member_id")
        }
        let limit = try pageLimit(request.limit)
        let query = MemberQuery(
            organisation: scope, after: after, search: try searchText(request.search), limit: limit + 1)
        let page = page(try store.memberRows(query, now: clock()), limit: limit) { $0.member.listedBytes + 40 }
        var reply = WireMemberSummaryList()
        reply.more = page.more
        reply.members = page.rows.map { row in
            var summary = WireMemberSummary()
            summary.member = WireMember(row.member, showsRoles: true)
            summary.certificates = UInt32(clamping: row.certificateCount)
            summary.certificatesOnHold = UInt32(clamping: row.heldCertificateCount)
            summary.certificatesEndMs = (row.latestNotAfterSeconds ?? 0) * 1_000
            summary.joinedAtMs = row.createdAt
            return summary
        }
        return reply
    }

    func audit(_ request: WireListAudit, _ principal: Principal) throws -> WireAuditPage {
        let scope = try scope(principal, "reading the audit log")
        let pattern = request.action
        guard pattern.utf8.count <= RelayCore.maxActionPatternBytes,
            pattern.utf8.allSatisfy({ (97...122).contains($0) || "-.?*".utf8.contains($0) }),
            pattern.utf8.count(where: { $0 == UInt8(ascii: "*") }) <= 4
        else {
            throw RequestRefusal(
                .invalid,
                "an action is written like member.suspend, with ? and at most four * for others, as in member.*",
                field: "action")
        }
        let actor = MemberID(text: request.actor)?.description ?? request.actor
        guard actor.isEmpty || actor == AuditActor.host.description || MemberID(text: actor) != nil else {
            throw RequestRefusal(.invalid, "an actor is a member's id, or host", field: "actor")
        }
        let limit = try pageLimit(request.limit, standard: RelayCore.standardAuditPage)
        let page = try store.audit(
            AuditQuery(
                before: request.beforeSequence > 0 ? request.beforeSequence : nil,
                since: request.sinceMs > 0 ? request.sinceMs : nil, actionPattern: pattern.nonEmpty,
                actor: actor.nonEmpty, organisation: scope,
                limit: limit, maxBytes: min(RelayCore.maxPageBytes, limits.maxFrameBytes / 2)))
        let names = try store.memberNames(Set(page.records.compactMap { MemberID(text: $0.actor) }))
        var reply = WireAuditPage()
        reply.more = page.more
        reply.entries = page.records.map { record in
            var entry = WireAuditRecord()
            entry.sequence = record.sequence
            entry.atMs = record.at
            entry.actor = record.actor
            entry.actorName = MemberID(text: record.actor).flatMap { names[$0] } ?? ""
            entry.certificateFingerprint = Data(record.certificate ?? [])
            entry.action = record.action
            entry.detail = record.detail
            entry.hash = Data(record.hash)
            entry.erasedBy = record.erasedBy ?? 0
            return entry
        }
        return reply
    }

    func verifyAudit(_ principal: Principal) throws -> WireAuditVerification {
        try requireRelayAdministrator(principal, "verifying the audit log")
        let found = try store.verifyAuditChain()
        var reply = WireAuditVerification()
        reply.entries = Int64(found.entryCount)
        reply.headHash = Data(found.headHash)
        reply.firstBroken = found.firstBroken ?? 0
        return reply
    }

    func status(_ principal: Principal) throws -> WireStatus {
        let scope = try scope(principal, "reading the relay's state")
        let counts = try store.membershipCounts(
            organisation: scope, now: clock(), endingWithin: RelayCore.endingSpan)
        var reply = WireStatus()
        reply.organisations = UInt32(clamping: counts.organisations)
        reply.suspendedOrganisations = UInt32(clamping: counts.suspendedOrganisations)
        reply.members = UInt32(clamping: counts.members)
        reply.suspendedMembers = UInt32(clamping: counts.suspendedMembers)
        reply.certificates = UInt32(clamping: counts.certificates)
        reply.certificatesEnding = UInt32(clamping: counts.certificatesEnding)
        reply.membersEnding = UInt32(clamping: counts.membersEnding)
        reply.openInvitations = UInt32(clamping: counts.openInvitations)
        reply.sessions = UInt32(clamping: scope.map(registry.count(of:)) ?? registry.count)
        reply.relayCertificateEndsMs = certificateEnd.load(ordering: .relaxed)
        reply.issuingCertificateEndsMs = (authority.issuingCertificates.first?.notAfter ?? 0) * 1_000
        try describeAuthority(in: &reply, counts, isRelayAdministrator: scope == nil)
        return reply
    }

    /// Nil for all organisations.
    func scope(_ principal: Principal, _ what: String) throws(RequestRefusal) -> OrganisationSlug? {
        if AccessPolicy.isRelayAdministrator(principal) { return nil }
        guard AccessPolicy.mayAdminister(principal.organisation.slug, principal) else {
            throw RequestRefusal(AccessPolicy.refusal(what, principal))
        }
        return principal.organisation.slug
    }
}
