/// The page of keys, made from the registry.
package enum HelpText {
    package static func lines(_ bindings: KeyBindings) -> [StyledText] {
        var lines: [StyledText] = []
        for place in CommandPlace.allCases {
            let commands = CommandRegistry.all.filter { $0.places.contains(place) }
            guard !commands.isEmpty else { continue }
            lines.append(StyledText(place.title.uppercased(), .bold))
            for command in commands { lines.append(line(command, bindings)) }
            lines.append("")
        }
        return lines
    }

    static func line(_ command: Command, _ bindings: KeyBindings) -> StyledText {
        let keys = bindings.keys(of: command.id).map(\.description).joined(separator: " ")
        let padded = keys + String(repeating: " ", count: max(1, 18 - DisplayWidth.of(keys)))
        return StyledText("  ") + StyledText(padded, .cyan) + StyledText(command.title)
            + StyledText("  :\(command.id.rawValue)", .dim)
    }

    /// The page of keys as Markdown, a row for each command.
    package static func markdown(_ bindings: KeyBindings = KeyBindings()) -> String {
        var text = "| keys | what it does | command | where |\n|---|---|---|---|\n"
        for command in CommandRegistry.all {
            let keys = bindings.keys(of: command.id).map { "`\($0)`" }.joined(separator: " ")
            let places = CommandPlace.allCases.filter(command.places.contains)
            let names =
                places.count == CommandPlace.allCases.count
                ? "everywhere" : places.map { $0.title.lowercased() }.joined(separator: ", ")
            text += "| \(keys) | \(command.title) | `:\(command.id.rawValue)` | \(names) |\n"
        }
        return text
    }
}
