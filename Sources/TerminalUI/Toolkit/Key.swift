/// A key as a program means it, whatever bytes a terminal sends for it.
package struct Key: Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// What the key types, without control or alt.
        case character(Character)
        case enter, tab, escape, backspace, delete, insert
        case up, down, left, right, home, end, pageUp, pageDown
        /// 1 to 24.
        case function(Int)
    }

    package struct Modifiers: OptionSet, Hashable, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Not set for a character that shift has made another one.
        package static let shift = Modifiers(rawValue: 1)
        package static let alt = Modifiers(rawValue: 2)
        package static let control = Modifiers(rawValue: 4)
    }

    package var code: Code
    package var modifiers: Modifiers

    package init(_ code: Code, _ modifiers: Modifiers = []) {
        self.code = code
        self.modifiers = modifiers
    }

    private static let names: [(String, Code)] = [
        ("enter", .enter), ("tab", .tab), ("esc", .escape), ("backspace", .backspace), ("del", .delete),
        ("ins", .insert), ("up", .up), ("down", .down), ("left", .left), ("right", .right), ("home", .home),
        ("end", .end), ("pgup", .pageUp), ("pgdn", .pageDown), ("space", .character(" ")),
    ]

    /// Reads `j`, `G`, `ctrl-p`, `alt-enter`, `shift-tab`, `f5`, `space`; nil for anything else.
    package init?(_ text: String) {
        var rest = text[...]
        var modifiers: Modifiers = []
        while rest.count > 1 {
            if rest.hasPrefix("ctrl-") {
                modifiers.insert(.control)
                rest = rest.dropFirst(5)
            } else if rest.hasPrefix("alt-") {
                modifiers.insert(.alt)
                rest = rest.dropFirst(4)
            } else if rest.hasPrefix("shift-") {
                modifiers.insert(.shift)
                rest = rest.dropFirst(6)
            } else {
                break
            }
        }
        if rest.count == 1, let character = rest.first {
            self.init(.character(character), modifiers)
        } else if let named = Self.names.first(where: { $0.0 == rest }) {
            self.init(named.1, modifiers)
        } else if rest.hasPrefix("f"), let number = Int(rest.dropFirst()), (1...24).contains(number) {
            self.init(.function(number), modifiers)
        } else {
            return nil
        }
    }
}

extension Key: CustomStringConvertible {
    /// As `init(_:)` reads it.
    package var description: String {
        var text = ""
        if modifiers.contains(.control) { text += "ctrl-" }
        if modifiers.contains(.alt) { text += "alt-" }
        if modifiers.contains(.shift) { text += "shift-" }
        if let named = Self.names.first(where: { $0.1 == code }) { return text + named.0 }
        switch code {
        case .character(let character): text.append(character)
        case .function(let number): text += "f\(number)"
        default: break
        }
        return text
    }
}

/// What the mouse did, in cells from the upper left corner, which is 0, 0.
package struct MouseEvent: Hashable, Sendable {
    package enum Action: Hashable, Sendable { case press, release, drag, wheelUp, wheelDown }
    package enum Button: Hashable, Sendable { case left, middle, right, none }

    package var action: Action
    package var button: Button
    package var column: Int
    package var row: Int

    package init(action: Action, button: Button = .none, column: Int, row: Int) {
        self.action = action
        self.button = button
        self.column = column
        self.row = row
    }
}

/// What a terminal sends.
package enum InputEvent: Hashable, Sendable {
    case key(Key)
    /// Pasted in one piece, line feeds between lines.
    case paste(String)
    case mouse(MouseEvent)
    case focus(Bool)
}
