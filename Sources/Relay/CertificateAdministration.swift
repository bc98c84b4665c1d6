import Foundation
import LessonModel
import PKI
import Storage
import Wire

/// Certificates as administrators see them, take them out of force and back. What changes is in force for every session
/// when the answer leaves.
extension RelayCore {
    private static let standardCertificatePage = 100

    /// Whose certificates a request is about.
    private enum Target {
        case fingerprint(Data)
        case member(Data)
        case organisation(String)
    }

    /// What a principal may act on.
    private struct Administered {
        var selection: CertificateSelection
        /// What of the membership changes with them.
        var scope: DirectoryScope
        /// As the audit log tells it.
        var detail: [String: String]
    }

    func revoke(_ request: WireRevokeCertificates, _ principal: Principal) throws -> WireRevoked {
        guard let reason = RevocationReason(name: request.reason.nonEmpty ?? "unspecified") else {
            throw RequestRefusal(
                .invalid,
                "the reason is one of keyCompromise, affiliationChanged, superseded, cessationOfOperation, "
                    + "privilegeWithdrawn, unspecified, and certificateHold, which can be taken back", field: "reason")
        }
        let target: Target? =
            switch request.target {
            case .fingerprint(let bytes): .fingerprint(bytes)
            case .memberID(let bytes): .member(bytes)
            case .organisation(let text): .organisation(text)
            case nil: nil
            }
        var administered = try self.administered(target, principal)
        administered.detail["reason"] = reason.name
        let outcome = try store.revokeCertificates(
            administered.selection, reason: reason.rawValue,
            audit: entry(
                reason == .certificateHold ? "certificate.hold" : "certificate.revoke", principal,
                administered.detail))
        try refreshMembership(administered.scope)
        committer.settle()
        var reply = WireRevoked()
        reply.certificates = UInt32(clamping: outcome.certificates.count)
        reply.sessions = UInt32(clamping: registry.endStale(membership))
        return reply
    }

    func release(_ request: WireReleaseHold, _ principal: Principal) throws -> WireReleased {
        let target: Target? =
            switch request.target {
            case .fingerprint(let bytes): .fingerprint(bytes)
            case .memberID(let bytes): .member(bytes)
            case .organisation(let text): .organisation(text)
            case nil: nil
            }
        let administered = try self.administered(target, principal)
        let released = try store.releaseHold(
            administered.selection, audit: entry("certificate.release", principal, administered.detail))
        try refreshMembership(administered.scope)
        var reply = WireReleased()
        reply.certificates = UInt32(clamping: released.count)
        return reply
    }

    /// - Throws: `.notFound` for what is in others' hands, as if it did not exist; `.forbidden` where a member above the
    ///   principal is concerned.
    private func administered(_ target: Target?, _ principal: Principal) throws -> Administered {
        let refused = RequestRefusal(
            AccessPolicy.refusal("this with certificates of members with higher roles", principal))
        switch target {
        case .fingerprint(let bytes):
            let fingerprint = Array(bytes)
            guard let owner = try store.certificate(fingerprint: fingerprint)?.member,
                let member = membership.member(owner), AccessPolicy.mayAdminister(member.organisation, principal)
            else {
                throw RequestRefusal(.notFound, "there is no such certificate in your hands", field: "target")
            }
            guard AccessPolicy.mayManage(member, principal) else { throw refused }
            return Administered(
                selection: .fingerprint(fingerprint), scope: .member(owner),
                detail: [
                    "certificate": Hex.text(of: bytes), "member": owner.description, "name": member.name,
                    "organisation": member.organisation.text,
                ])
        case .member(let bytes):
            let member = try administeredMember(bytes, principal)
            guard AccessPolicy.mayManage(member, principal) else { throw refused }
            return Administered(
                selection: .member(member.id), scope: .member(member.id),
                detail: [
                    "member": member.id.description, "name": member.name, "organisation": member.organisation.text,
                ])
        case .organisation(let text):
            let slug = try organisation(text).slug
            guard AccessPolicy.mayAdminister(slug, principal) else {
                throw RequestRefusal(.notFound, "there is no such certificate in your hands", field: "target")
            }
            guard !membership.hasMember(of: slug, where: { !AccessPolicy.mayManage($0, principal) }) else {
                throw refused
            }
            return Administered(
                selection: .organisation(slug), scope: .membersOf(slug), detail: ["organisation": slug.text])
        case nil: throw RequestRefusal(.invalid, "say whose certificates", field: "target")
        }
    }

    // MARK: Reading

    func certificates(_ request: WireListCertificates, _ principal: Principal) throws -> WireCertificateList {
        let limit = try pageLimit(request.limit, standard: RelayCore.standardCertificatePage)
        var query = CertificateQuery(
            organisation: try scope(principal, "listing certificates"), search: try searchText(request.search),
            limit: limit + 1)
        if !request.organisation.isEmpty {
            let slug = try organisation(request.organisation).slug
            guard AccessPolicy.mayAdminister(slug, principal) else {
                throw RequestRefusal(AccessPolicy.refusal("listing the certificates of \(slug)", principal))
            }
            query.organisation = slug
        }
        if !request.memberID.isEmpty { query.member = try administeredMember(request.memberID, principal).id }
        if request.state != .unspecified {
            guard let state = CertificateState(rawValue: request.state.rawValue) else {
                throw RequestRefusal(.invalid, "the state is valid, expired, revoked or on hold", field: "state")
            }
            query.state = state
        }
        // Ends are whole seconds: the first at or after a time, and the first that is not before it.
        if request.endsFromMs > 0 { query.endsFrom = RelayCore.secondsUp(request.endsFromMs) }
        if request.endsBeforeMs > 0 { query.endsBefore = RelayCore.secondsUp(request.endsBeforeMs) }
        if !request.after.isEmpty {
            guard let place = CertificateQuery.Place(request.after) else {
                throw RequestRefusal(.invalid, "after is not what a page before told as next", field: "after")
            }
            query.after = place
        }
        let page = page(try store.certificates(query, now: clock()), limit: limit) {
            $0.certificate.issued.der.count + $0.memberName.utf8.count + 220
        }
        var reply = list(page.rows.map(\.certificate))
        for (index, row) in page.rows.enumerated() {
            reply.certificates[index].memberName = row.memberName
            reply.certificates[index].organisation = row.organisation.text
            reply.certificates[index].issuedAtMs = row.certificate.recordedAt
        }
        reply.more = page.more
        if page.more, let last = page.rows.last { reply.next = CertificateQuery.Place(last).bytes }
        return reply
    }

    private static func secondsUp(_ time: Milliseconds) -> Int64 { time / 1_000 + (time % 1_000 > 0 ? 1 : 0) }
}

extension CertificateQuery.Place {
    fileprivate init(_ row: CertificateRow) {
        self.init(
            notAfterSeconds: row.certificate.issued.notAfterSeconds, fingerprint: row.certificate.issued.fingerprint)
    }

    /// Reads what `bytes` writes; nil for anything else.
    fileprivate init?(_ bytes: Data) {
        guard bytes.count == 8 + SHA256.byteCount else { return nil }
        self.init(
            notAfterSeconds: bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) },
            fingerprint: Array(bytes.dropFirst(8)))
    }

    fileprivate var bytes: Data {
        Data(stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: notAfterSeconds >> Int64($0)) })
            + fingerprint
    }
}
