import ArgumentParser
import Foundation

/// One line of the result.
struct Figure: Codable {
    var what: String
    var operations: Int
    var perSecond: Double
    /// CPU time of the relay, user and system.
    var relayMicrosecondsEach: Double
    var note: String

    init(_ what: String, operations: Int, wall: Duration, cpu: Duration, note: String = "") {
        self.what = what
        self.operations = operations
        perSecond = Double(operations) / wall.seconds
        relayMicrosecondsEach = cpu.seconds * 1_000_000 / Double(operations)
        self.note = note
    }

    var line: String {
        let columns = [
            what.padding(toLength: 44, withPad: " ", startingAt: 0), Figure.right("\(operations)", 10),
            Figure.right(String(format: "%.0f/s", perSecond), 12),
            Figure.right(String(format: "%.1f µs", relayMicrosecondsEach), 12), note,
        ]
        return columns.joined(separator: "  ")
    }

    static let heading = [
        "what".padding(toLength: 44, withPad: " ", startingAt: 0), right("operations", 10), right("rate", 12),
        right("relay CPU", 12), "",
    ].joined(separator: "  ")

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

struct BenchOptions: ParsableArguments {
    @Option(help: "The lessons-relay program; default: beside this one.", completion: .file())
    var relay: String?

    @Flag(help: "One JSON object a line instead of a table.")
    var json = false

    func print(_ figures: [Figure]) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            for figure in figures { Swift.print(String(decoding: try encoder.encode(figure), as: UTF8.self)) }
        } else {
            for figure in figures { Swift.print(figure.line) }
        }
    }
}
