package import LessonModel

/// Text for a terminal: runs with a style each. Foreign text is made safe when the whole is rendered, in one place, so
/// that no escape sequence but our own reaches the terminal.
package struct StyledText: Hashable, Sendable, ExpressibleByStringLiteral {
    package enum Style: String, Sendable {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
        /// For what a camera reads.
        case blackOnWhite = "30;107"
    }

    package struct Run: Hashable, Sendable {
        package var text: String
        package var style: Style
    }

    package private(set) var runs: [Run]

    package init(_ text: String, _ style: Style = .plain) { runs = [Run(text: text, style: style)] }

    package init(stringLiteral value: String) { self.init(value) }

    /// A marking's label in its TLP colour; the text itself always says it.
    package init(_ marking: Marking) {
        switch marking {
        case .clear: self.init("TLP:CLEAR", .bold)
        case .green: self.init("TLP:GREEN", .green)
        case .amber: self.init("TLP:AMBER", .yellow)
        case .amberStrict: self.init("TLP:AMBER+STRICT", .yellow)
        case .red: self.init("TLP:RED", .red)
        }
    }

    package static func + (left: StyledText, right: StyledText) -> StyledText {
        var sum = left
        sum.runs += right.runs
        return sum
    }

    package static func += (left: inout StyledText, right: StyledText) { left.runs += right.runs }

    /// Without any style, and safe.
    package var plainText: String { rendered(inColour: false) }

    package func rendered(inColour: Bool) -> String {
        var text = ""
        for run in runs {
            let safe = SafeText.terminal(run.text)
            if inColour, run.style != .plain, !safe.isEmpty {
                text += "\u{1B}[\(run.style.rawValue)m\(safe)\u{1B}[0m"
            } else {
                text += safe
            }
        }
        return text
    }
}
