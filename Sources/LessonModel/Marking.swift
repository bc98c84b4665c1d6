/// The handling label of a post: TLP 2.0. The raw values are the wire's and the database's.
package enum Marking: Int, CaseIterable, Sendable {
    case clear = 1
    case green = 2
    case amber = 3
    case amberStrict = 4
    case red = 5

    /// The label as TLP 2.0 writes it, without the `TLP:`.
    package var label: String {
        switch self {
        case .clear: "CLEAR"
        case .green: "GREEN"
        case .amber: "AMBER"
        case .amberStrict: "AMBER+STRICT"
        case .red: "RED"
        }
    }

    /// Reads a label in either case, with or without `TLP:`.
    package init?(label: some StringProtocol) {
        var text = label.uppercased()
        if text.hasPrefix("TLP:") { text.removeFirst(4) }
        guard let marking = Marking.allCases.first(where: { $0.label == text }) else { return nil }
        self = marking
    }

    /// True when every member of the relay may see it.
    package var isForAllMembers: Bool { self == .clear || self == .green }
}
