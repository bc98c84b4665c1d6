import LessonModel
import TerminalUI

/// Tells how far a long job is: a bar on a terminal, a plain line now and then elsewhere.
struct ProgressReport {
    private let output: Output
    private let verb: String
    /// Nil where the size of the job is not known.
    private let total: Int?
    private let started: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant

    /// - Parameter verb: what is done to one thing, such as `imported`.
    init(_ verb: String, total: Int?, output: Output, now: ContinuousClock.Instant) {
        self.verb = verb
        self.total = total
        self.output = output
        started = now
        lastShown = now
    }

    /// Shows the count where enough time has passed: ten times a second on a terminal, every ten seconds elsewhere.
    mutating func update(_ count: Int, now: ContinuousClock.Instant) {
        guard now - lastShown >= (output.stderrIsTerminal ? .milliseconds(100) : .seconds(10)) else { return }
        lastShown = now
        let text = Self.text(verb, count, of: total, elapsed: now - started)
        if output.stderrIsTerminal { output.showBar(text) } else { output.message(StyledText(text)) }
    }

    /// Shows how far a file is, in the place of the count.
    mutating func upload(_ name: String, _ bytes: Int64, of size: Int64, now: ContinuousClock.Instant) {
        guard now - lastShown >= (output.stderrIsTerminal ? .milliseconds(100) : .seconds(10)) else { return }
        lastShown = now
        let text = Self.uploadText(name, bytes, of: size)
        if output.stderrIsTerminal { output.showBar(text) } else { output.message(StyledText(text)) }
    }

    /// `[=====>    ] 40 of 200 MiB: report.pdf`
    static func uploadText(_ name: String, _ bytes: Int64, of size: Int64) -> String {
        "\(bar(Int(clamping: bytes >> 10), of: max(1, Int(clamping: size >> 10)))) \(ByteText.short(bytes)) of "
            + "\(ByteText.short(size)): \(SafeText.line(name))"
    }

    private static func bar(_ count: Int, of total: Int) -> String {
        let cells = 30
        let filled = min(cells, max(0, count * cells / total))
        let arrow = filled < cells ? ">" : ""
        return "[" + String(repeating: "=", count: filled) + arrow
            + String(repeating: " ", count: max(0, cells - filled - arrow.count)) + "]"
    }

    /// Takes the bar away.
    func end() { output.showBar("") }

    /// `[=====>    ] 512 of 1410 imported, 9 s left`; without a total `512 imported, 64 each second`.
    static func text(_ verb: String, _ count: Int, of total: Int?, elapsed: Duration) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(count) / seconds : 0
        guard let total, total > 0 else { return "\(count) \(verb), \(Int(min(rate, 1e9))) each second" }
        var text = "\(bar(count, of: total)) \(count) of \(total) \(verb)"
        if rate > 0, count < total { text += ", \(Int(min(Double(total - count) / rate, 1e9))) s left" }
        return text
    }
}
