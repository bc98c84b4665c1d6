import LessonModel
import RelayClient
import TerminalUI
import Wire

/// Where a subscription begins.
enum StartPoint: Equatable {
    /// Where it was; now for a new one.
    case unset
    case now
    case after(SequenceNumber)
    case since(Milliseconds)

    /// Reads `beginning`, `now`, `12` or `#12` for that post and those after it, a time, or a span ago such as `7d`.
    init(_ text: String?, now: Milliseconds, zoneSeconds: Int) throws(CommandFailure) {
        guard let text else {
            self = .unset
            return
        }
        let number = text.hasPrefix("#") ? text.dropFirst() : text[...]
        switch text {
        case "beginning": self = .after(0)
        case "now": self = .now
        case _ where !number.isEmpty && number.allSatisfy({ ("0"..."9").contains($0) }):
            guard let sequence = Int64(number) else { throw Self.unreadable(text) }
            self = .after(max(0, sequence - 1))
        default:
            guard let time = TimeText.point(text, now: now, zoneSeconds: zoneSeconds) else {
                throw Self.unreadable(text)
            }
            self = .since(time)
        }
    }

    func apply(to request: inout WireSubscribe) {
        switch self {
        case .unset: break
        case .now: request.now = true
        case .after(let sequence): request.afterSequence = sequence
        case .since(let time): request.sinceMs = time
        }
    }

    /// Nil for `unset`.
    var start: DurableSubscriber.Start? {
        switch self {
        case .unset: nil
        case .now: .now
        case .after(let sequence): .after(sequence)
        case .since(let time): .since(time)
        }
    }

    private static func unreadable(_ text: String) -> CommandFailure {
        CommandFailure(
            .usage, "BAD_START", "\"\(text)\" is no place to begin",
            hint: "write beginning, now, a post's number, a time such as 2026-11-24T10:00, or a span ago such as 7d")
    }
}
