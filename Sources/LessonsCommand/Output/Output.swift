import Foundation
import LessonModel
import Synchronization
import TerminalUI

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Nobody reads our output any more; the command ends without a word.
struct OutputClosed: Error {}

/// Where a command writes: data to stdout, messages to stderr, each by its own check for a terminal.
final class Output: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    let stdoutIsTerminal: Bool
    let stderrIsTerminal: Bool
    private let colourAllowed: Bool
    private let sink: @Sendable (_ stream: Int32, _ text: String) -> Bool
    /// The text of a progress bar that stands in the last line of the terminal, empty when there is none.
    private let bar = Mutex("")

    /// - Parameter sink: writes the text whole to the stream of that number; false when the reader is gone.
    init(
        isJSON: Bool, isQuiet: Bool, stdoutIsTerminal: Bool, stderrIsTerminal: Bool, environment: [String: String],
        sink: @escaping @Sendable (_ stream: Int32, _ text: String) -> Bool
    ) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.stdoutIsTerminal = stdoutIsTerminal
        self.stderrIsTerminal = stderrIsTerminal
        // NO_COLOR counts when it is set and not empty (no-color.org).
        colourAllowed = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        self.sink = sink
    }

    /// The process's own streams. A closed pipe no longer ends the process by a signal afterwards.
    convenience init(isJSON: Bool, isQuiet: Bool, environment: [String: String]) {
        signal(SIGPIPE, SIG_IGN)
        self.init(
            isJSON: isJSON, isQuiet: isQuiet, stdoutIsTerminal: isatty(1) == 1, stderrIsTerminal: isatty(2) == 1,
            environment: environment, sink: Self.write)
    }

    /// Cells of the terminal that stdout is; nil when it is none.
    var width: Int? {
        guard stdoutIsTerminal else { return nil }
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// One line of data.
    func data(_ line: StyledText) throws(OutputClosed) {
        try put(line.rendered(inColour: colourAllowed && stdoutIsTerminal) + "\n")
    }

    func data(_ lines: [StyledText]) throws(OutputClosed) {
        guard !lines.isEmpty else { return }
        let inColour = colourAllowed && stdoutIsTerminal
        try put(lines.map { $0.rendered(inColour: inColour) + "\n" }.joined())
    }

    /// One line of JSON.
    func json(_ node: JSONNode) throws(OutputClosed) { try put(node.line + "\n") }

    /// Text as it is, for a file or a pipe; made safe where it would go to a terminal.
    func document(_ text: String) throws(OutputClosed) {
        try put(stdoutIsTerminal ? SafeText.terminal(text) : text)
    }

    /// A sentence for the person, on stderr; nothing with `--quiet`.
    func message(_ line: StyledText) {
        guard !isQuiet else { return }
        say(line)
    }

    /// Something that is wrong but ends nothing, on stderr, with `--quiet` too.
    func warning(_ text: String) { say(StyledText("warning: ", .yellow) + StyledText(text)) }

    /// The failure that ends the command, on stderr, as JSON with `--json`.
    func failure(_ failure: CommandFailure) {
        guard !isJSON else {
            clearBar()
            _ = sink(2, failure.json.line + "\n")
            return
        }
        say(StyledText("lessons: ", .red) + StyledText(failure.message))
        if let hint = failure.hint { say(StyledText("  ") + StyledText(hint)) }
    }

    /// Everything that is wrong with a lesson, on stderr, as JSON with `--json`.
    func problems(_ problems: LessonProblems) {
        guard !isJSON else {
            clearBar()
            _ = sink(2, problems.json.line + "\n")
            return
        }
        for line in problems.lines { say(line) }
    }

    /// Replaces the bar in the last line of the terminal; an empty text takes it away. Nothing off a terminal.
    func showBar(_ text: String) {
        guard stderrIsTerminal, !isQuiet else { return }
        bar.withLock { shown in
            shown = text
            _ = sink(2, "\r\u{1B}[K" + SafeText.terminal(text))
        }
    }

    private func clearBar() {
        bar.withLock { shown in
            if !shown.isEmpty { _ = sink(2, "\r\u{1B}[K") }
            shown = ""
        }
    }

    private func say(_ line: StyledText) {
        bar.withLock { shown in
            let text = line.rendered(inColour: colourAllowed && stderrIsTerminal) + "\n"
            _ = sink(2, shown.isEmpty ? text : "\r\u{1B}[K" + text + SafeText.terminal(shown))
        }
    }

    private func put(_ text: String) throws(OutputClosed) {
        if stdoutIsTerminal { clearBar() }
        guard sink(1, text) else { throw OutputClosed() }
    }

    private static func write(_ stream: Int32, _ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Self.writeSome(stream, $0) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    private static func writeSome(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.write(stream, bytes.baseAddress, bytes.count)
        #else
            Glibc.write(stream, bytes.baseAddress, bytes.count)
        #endif
    }
}
