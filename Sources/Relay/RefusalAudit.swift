import Foundation
import LessonModel
import Logging
import Storage
import Synchronization
import Wire

/// How many refusals go into the audit log: enough to see that somebody tries doors, too few to fill a disk.
struct RefusalBudget {
    /// Entries of one member in a minute.
    static let maxPerMember = 10
    /// Entries of all members in a minute.
    static let maxTotal = 60
    private static let minute: Milliseconds = 60_000
    /// Members whose refusals without an entry are counted.
    private static let maxCounted = 4_096

    private var minute: Milliseconds = .min
    private var total = 0
    private var written: [MemberID: Int] = [:]
    private var leftOut: [MemberID: Int] = [:]

    /// - Returns: nil when this refusal gets no entry; otherwise how many of the member had none since their last one.
    mutating func take(_ member: MemberID, now: Milliseconds) -> Int? {
        let current = now / RefusalBudget.minute
        if current != minute {
            minute = current
            total = 0
            written.removeAll(keepingCapacity: true)
        }
        guard total < RefusalBudget.maxTotal, written[member, default: 0] < RefusalBudget.maxPerMember else {
            if leftOut[member] != nil || leftOut.count < RefusalBudget.maxCounted { leftOut[member, default: 0] += 1 }
            return nil
        }
        total += 1
        written[member, default: 0] += 1
        return leftOut.removeValue(forKey: member) ?? 0
    }
}

extension RelayCore {
    /// Writes an entry when `body` is an administrative request, as long as the budget lasts. A failure of the relay is no
    /// refusal.
    func auditRefusal(of body: WireFrame.OneOf_Body, _ principal: Principal, _ error: WireError) {
        guard let request = body.administrativeRequest, error.code.rawValue < 500 else { return }
        let now = clock()
        let leftOut = refusalBudget.withLock { $0.take(principal.member.id, now: now) }
        guard let leftOut else { return }
        // The organisation is the member's own: what they asked about another one is not told to that one.
        var detail = [
            "organisation": principal.organisation.slug.text, "request": request.name,
            "code": String(error.code.rawValue), "reason": SafeText.line(String(error.message.prefix(200))),
        ]
        if let target = request.target.nonEmpty { detail["target"] = SafeText.line(String(target.prefix(100))) }
        if leftOut > 0 { detail["left_out"] = String(leftOut) }
        do {
            try store.record(entry("request.refuse", principal, detail))
        } catch {
            counters.add(.storageFailures)
            logger.error("a refusal could not be audited", metadata: ["reason": "\(error)"])
        }
    }
}

extension WireFrame.OneOf_Body {
    /// The name that lessons.proto gives an administrative request, and what it is about; nil for every other frame.
    fileprivate var administrativeRequest: (name: String, target: String)? {
        switch self {
        case .invite(let request):
            ("invite", request.memberID.isEmpty ? request.organisation : Self.memberText(request.memberID))
        case .listInvitations: ("list_invitations", "")
        case .revokeInvitation(let request):
            ("revoke_invitation", Hex.text(of: request.invitationID.prefix(8)))
        case .addOrganisation(let request): ("add_organisation", request.organisation.slug)
        case .changeOrganisation(let request): ("change_organisation", request.organisation)
        case .addTopic(let request): ("add_topic", request.path)
        case .setClients(let request): ("set_clients", request.organisation)
        case .revokeCertificates(let request):
            switch request.target {
            case .fingerprint(let bytes): ("revoke_certificates", Hex.text(of: bytes.prefix(32)))
            case .memberID(let bytes): ("revoke_certificates", Self.memberText(bytes))
            case .organisation(let text): ("revoke_certificates", text)
            case nil: ("revoke_certificates", "")
            }
        case .releaseHold(let request):
            switch request.target {
            case .fingerprint(let bytes): ("release_hold", Hex.text(of: bytes.prefix(32)))
            case .memberID(let bytes): ("release_hold", Self.memberText(bytes))
            case .organisation(let text): ("release_hold", text)
            case nil: ("release_hold", "")
            }
        case .remove(let request):
            switch request.target {
            case .memberID(let bytes): ("remove", Self.memberText(bytes))
            case .organisation(let text): ("remove", text)
            case nil: ("remove", "")
            }
        case .eraseNames(let request): ("erase_names", request.organisation)
        case .listCertificates(let request): ("list_certificates", request.organisation)
        case .setSuspension(let request):
            switch request.target {
            case .memberID(let bytes): ("set_suspension", Self.memberText(bytes))
            case .organisation(let text): ("set_suspension", text)
            case nil: ("set_suspension", "")
            }
        case .setRoles(let request): ("set_roles", Self.memberText(request.memberID))
        case .listOrganisationSummaries: ("list_organisation_summaries", "")
        case .listMemberSummaries(let request): ("list_member_summaries", request.organisation)
        case .listAudit: ("list_audit", "")
        case .verifyAudit: ("verify_audit", "")
        case .fetchStatus: ("fetch_status", "")
        default: nil
        }
    }

    /// As listings write the id; what is no id stands in hexadecimal digits.
    private static func memberText(_ bytes: Data) -> String {
        MemberID(bytes: bytes)?.description ?? Hex.text(of: bytes.prefix(16))
    }
}
