import ArgumentParser
import LessonModel
import PKI
import TerminalUI

extension Marking: ExpressibleByArgument {
    package init?(argument: String) { self.init(label: argument) }

    package static var allValueStrings: [String] { allCases.map(\.label) }
}

extension OrganisationKind: ExpressibleByArgument {
    package init?(argument: String) { self.init(name: argument) }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension MemberKind: ExpressibleByArgument {
    package init?(argument: String) { self.init(name: argument) }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension Role: ExpressibleByArgument {
    package init?(argument: String) { self.init(name: argument) }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension ThreadState: ExpressibleByArgument {
    package init?(argument: String) { self.init(name: argument) }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension ApplicationReport.Status: ExpressibleByArgument {
    package init?(argument: String) { self.init(name: argument) }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension RevocationReason: ExpressibleByArgument {
    /// As RFC 5280 writes it; `hold` for short stands for certificateHold.
    package init?(argument: String) { self.init(name: argument == "hold" ? "certificateHold" : argument) }

    package var defaultValueDescription: String { name }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension OrganisationSlug: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension MemberID: ExpressibleByArgument {
    package init?(argument: String) { self.init(text: argument) }
}

extension Topic: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

/// A span of time such as `7d`.
struct SpanArgument: ExpressibleByArgument {
    let milliseconds: Int64

    init?(argument: String) {
        guard let milliseconds = TimeText.milliseconds(ofSpan: argument) else { return nil }
        self.milliseconds = milliseconds
    }
}
