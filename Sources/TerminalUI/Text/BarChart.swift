import LessonModel

/// Counts as bars of text, whatever the terminal can show.
package struct BarChart {
    package struct Bar {
        package var name: String
        /// Nil where the number is withheld.
        package var value: Int?

        package init(name: String, value: Int?) {
            self.name = name
            self.value = value
        }
    }

    package var bars: [Bar]
    /// What stands for a withheld number, such as `<3`.
    package var withheld: String
    /// Cells of the whole line; nil for 80.
    package var width: Int?

    package init(bars: [Bar], withheld: String, width: Int? = nil) {
        self.bars = bars
        self.withheld = withheld
        self.width = width
    }

    private static let minBarCells = 10

    package var lines: [StyledText] {
        let largest = bars.compactMap(\.value).max() ?? 0
        let names = bars.map { DisplayWidth.cut(SafeText.line($0.name), to: max(8, (width ?? 80) / 2)) }
        let nameWidth = names.map(DisplayWidth.of).max() ?? 0
        let numbers = bars.map { $0.value.map(String.init) ?? withheld }
        let numberWidth = numbers.map(\.count).max() ?? 0
        let room = max(Self.minBarCells, min(width ?? 80, 100) - nameWidth - numberWidth - 4)
        return bars.indices.map { index in
            let value = bars[index].value ?? 0
            // Whoever is there at all has a mark.
            let cells = value == 0 || largest == 0 ? 0 : max(1, value * room / largest)
            let padding = String(repeating: " ", count: nameWidth - DisplayWidth.of(names[index]))
            let number = String(repeating: " ", count: numberWidth - numbers[index].count) + numbers[index]
            return StyledText("\(names[index])\(padding)  ") + StyledText(number, .bold)
                + StyledText(cells == 0 ? "" : "  ") + StyledText(String(repeating: "#", count: cells), .cyan)
        }
    }
}
