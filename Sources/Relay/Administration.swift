import Foundation
import LessonModel
import PKI
import Storage
import Wire

/// Administrative requests. Each needs a role and leaves an audit entry in the transaction of its act.
extension RelayCore {
    /// Nil when `body` is no administrative request.
    func administer(_ body: WireFrame.OneOf_Body, _ principal: Principal) throws -> WireFrame.OneOf_Body? {
        switch body {
        case .invite(let request): return .invited(try invite(request, principal))
        case .listInvitations(let request): return .invitationList(try invitations(request, principal))
        case .revokeInvitation(let request): return .done(try revokeInvitation(request, principal))
        case .addOrganisation(let request): return .done(try addOrganisation(request, principal))
        case .changeOrganisation(let request): return .done(try changeOrganisation(request, principal))
        case .addTopic(let request): return .done(try addTopic(request, principal))
        case .changeTopic(let request): return .done(try changeTopic(request, principal))
        case .setClients(let request): return .done(try setClients(request, principal))
        case .revokeCertificates(let request): return .revoked(try revoke(request, principal))
        case .releaseHold(let request): return .released(try release(request, principal))
        case .listCertificates(let request): return .certificateList(try certificates(request, principal))
        case .setSuspension(let request): return .suspensionSet(try setSuspension(request, principal))
        case .remove(let request): return .removed(try remove(request, principal))
        case .eraseNames(let request): return .namesErased(try eraseNames(request, principal))
        case .setRoles(let request): return .done(try setRoles(request, principal))
        case .listOrganisationSummaries(let request):
            return .organisationSummaryList(try organisationSummaries(request, principal))
        case .listMemberSummaries(let request): return .memberSummaryList(try memberSummaries(request, principal))
        case .listAudit(let request): return .auditPage(try audit(request, principal))
        case .verifyAudit: return .auditVerification(try verifyAudit(principal))
        case .fetchStatus: return .status(try status(principal))
        default: return nil
        }
    }

    // MARK: Helpers

    func requireRelayAdministrator(_ principal: Principal, _ what: String) throws(RequestRefusal) {
        guard AccessPolicy.isRelayAdministrator(principal) else {
            throw RequestRefusal(AccessPolicy.refusal(what, principal))
        }
    }

    func organisation(_ text: String) throws(RequestRefusal) -> Organisation {
        guard let slug = OrganisationSlug(text), let organisation = membership.organisation(slug) else {
            throw RequestRefusal(
                .notFound, "there is no organisation \"\(text.prefix(60))\"; `lessons organisations` lists them",
                field: "organisation")
        }
        return organisation
    }

    /// A member whom the principal administers. Others are as if they did not exist.
    func administeredMember(
        _ bytes: some Collection<UInt8>, _ principal: Principal
    ) throws(RequestRefusal) -> Member {
        guard let id = MemberID(bytes: bytes), let member = membership.member(id),
            AccessPolicy.mayAdminister(member.organisation, principal)
        else { throw RequestRefusal(.notFound, "there is no such member in your hands", field: "member_id") }
        return member
    }

    /// Who suspends or removes themselves would be gone before the answer, so it is refused even where others are left.
    func refusalOfOwn(hasOthers: Bool, _ sentence: String) -> RequestRefusal {
        hasOthers
            ? RequestRefusal(.forbidden, sentence, field: "target")
            : RequestRefusal(StorageError.lastRelayAdministrator)
    }

    func searchText(_ text: String) throws(RequestRefusal) -> String {
        guard text.utf8.count <= SearchText.maxBytes else {
            throw RequestRefusal(
                .invalid, "a search has at most \(SearchText.maxBytes) bytes", field: "search")
        }
        return text
    }

    func pageLimit(_ limit: UInt32, standard: Int = RelayCore.maxPageEntries) throws(RequestRefusal) -> Int {
        guard limit <= RelayCore.maxPageEntries else {
            throw RequestRefusal(.invalid, "a page has at most \(RelayCore.maxPageEntries) entries", field: "limit")
        }
        return limit == 0 ? standard : Int(limit)
    }

    /// As many of the first `rows` as a page takes by number and by size, at least one of those that are there.
    func page<Row>(
        _ rows: [Row], limit: Int, bytes: (Row) -> Int
    ) -> (rows: ArraySlice<Row>, more: Bool) {
        let maxBytes = min(RelayCore.maxPageBytes, limits.maxFrameBytes / 2)
        var total = 0
        var count = 0
        for row in rows.prefix(limit) {
            total += bytes(row)
            guard count == 0 || total <= maxBytes else { break }
            count += 1
        }
        return (rows.prefix(count), rows.count > count)
    }

    func roles(_ roles: [WireRole]) throws(RequestRefusal) -> Set<Role> {
        var known: Set<Role> = []
        for role in roles {
            guard let role = Role(rawValue: role.rawValue) else {
                throw RequestRefusal(
                    .invalid, "a role is one of \(Role.allCases.map(\.name).joined(separator: ", "))", field: "roles")
            }
            known.insert(role)
        }
        return known
    }

    func entry(_ action: String, _ principal: Principal, _ detail: [String: String]) -> AuditEntry {
        AuditEntry(
            at: clock(), actor: .member(principal.member.id, certificate: principal.certificateFingerprint),
            action: action,
            detail: detail)
    }

    static func bytes(of id: Int64) -> Data {
        Data(stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: id >> Int64($0)) })
    }
}
