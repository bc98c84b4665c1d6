import Foundation
package import LessonModel

/// Each kind of post as lessons.proto has it, and back.
extension WirePostContent.OneOf_Body {
    init(_ body: Post.Body) {
        switch body {
        case .lesson(let lesson): self = .lesson(WireLesson(lesson))
        case .comment(let comment):
            var wire = WireComment()
            wire.parentID = Data(comment.parent.bytes)
            wire.text = comment.text
            self = .comment(wire)
        case .revision(let revision):
            var wire = WireRevision()
            wire.baseID = Data(revision.base.bytes)
            wire.lesson = WireLesson(revision.lesson)
            wire.note = revision.note
            self = .revision(wire)
        case .endorsement(let endorsement):
            var wire = WireEndorsement()
            wire.withdrawal = endorsement.isWithdrawal
            wire.note = endorsement.note
            self = .endorsement(wire)
        case .applicationReport(let report):
            var wire = WireApplicationReport()
            wire.status = WireApplicationStatus(report.status)
            wire.outcome = report.outcome
            wire.evidence = report.evidence ?? ""
            self = .applicationReport(wire)
        case .stateChange(let change):
            var wire = WireStateChange()
            wire.from = WireThreadState(change.from)
            wire.to = WireThreadState(change.to)
            wire.reason = change.reason
            wire.evidenceIds = change.evidence.map { Data($0.bytes) }
            wire.supersededBy = change.supersededBy.map { Data($0.bytes) } ?? Data()
            self = .stateChange(wire)
        case .translation(let translation):
            var wire = WireTranslation()
            wire.sourceID = Data(translation.source.bytes)
            wire.lesson = WireLesson(translation.lesson)
            wire.machine = translation.isByMachine
            self = .translation(wire)
        case .redaction(let redaction):
            var wire = WireRedaction()
            wire.targetID = Data(redaction.target.bytes)
            wire.targetHash = Data(redaction.targetHash)
            wire.reason = redaction.reason
            self = .redaction(wire)
        }
    }

    /// - Throws: the field at fault.
    func value() throws(PostRuleError) -> Post.Body {
        switch self {
        case .lesson(let lesson): return .lesson(lesson.value)
        case .comment(let comment):
            return .comment(Comment(parent: try Self.id(comment.parentID, "parent_id"), text: comment.text))
        case .revision(let revision):
            return .revision(
                Revision(
                    base: try Self.id(revision.baseID, "base_id"), lesson: revision.lesson.value, note: revision.note))
        case .endorsement(let endorsement):
            return .endorsement(Endorsement(isWithdrawal: endorsement.withdrawal, note: endorsement.note))
        case .applicationReport(let report):
            guard let status = ApplicationReport.Status(rawValue: report.status.rawValue) else {
                throw PostRuleError(
                    field: "status", problem: "the status of the application report is missing or unknown")
            }
            return .applicationReport(
                ApplicationReport(status: status, outcome: report.outcome, evidence: report.evidence.nonEmpty))
        case .stateChange(let change):
            guard let from = ThreadState(rawValue: change.from.rawValue) else {
                throw PostRuleError(field: "from", problem: "the thread's state before is missing or unknown")
            }
            guard let to = ThreadState(rawValue: change.to.rawValue) else {
                throw PostRuleError(field: "to", problem: "the thread's new state is missing or unknown")
            }
            guard change.evidenceIds.count <= StateChange.maxEvidence else {
                throw PostRuleError(
                    field: "evidence", problem: "at most \(StateChange.maxEvidence) application reports are named")
            }
            var evidence: [PostID] = []
            for id in change.evidenceIds { evidence.append(try Self.id(id, "evidence_ids")) }
            return .stateChange(
                StateChange(
                    from: from, to: to, reason: change.reason, evidence: evidence,
                    supersededBy: change.supersededBy.isEmpty ? nil : try Self.id(change.supersededBy, "superseded_by"))
            )
        case .translation(let translation):
            return .translation(
                Translation(
                    source: try Self.id(translation.sourceID, "source_id"), lesson: translation.lesson.value,
                    isByMachine: translation.machine))
        case .redaction(let redaction):
            return .redaction(
                Redaction(
                    target: try Self.id(redaction.targetID, "target_id"), targetHash: Array(redaction.targetHash),
                    reason: redaction.reason))
        }
    }

    private static func id(_ bytes: Data, _ field: String) throws(PostRuleError) -> PostID {
        guard let id = PostID(bytes: bytes) else { throw .wrongBytes(field) }
        return id
    }
}

extension WireThreadState {
    package init(_ state: ThreadState) { self = WireThreadState(rawValue: state.rawValue) ?? .unspecified }
}

extension WireApplicationStatus {
    package init(_ status: ApplicationReport.Status) {
        self = WireApplicationStatus(rawValue: status.rawValue) ?? .unspecified
    }
}
