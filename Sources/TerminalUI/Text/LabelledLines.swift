/// Values with their names before them, aligned.
package struct LabelledLines {
    private var entries: [(label: String, value: StyledText)] = []

    package init() {}

    package mutating func add(_ label: String, _ value: StyledText) { entries.append((label, value)) }

    package var lines: [StyledText] {
        let width = entries.map { DisplayWidth.of($0.label) }.max() ?? 0
        return entries.map { entry in
            let padding = String(repeating: " ", count: width - DisplayWidth.of(entry.label) + 2)
            return StyledText(entry.label, .dim) + StyledText(padding) + entry.value.onOneLine
        }
    }
}
