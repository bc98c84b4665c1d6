/// How a cell looks.
package struct TextStyle: Hashable, Sendable {
    /// A colour of the terminal's palette: 0 to 7 the ANSI colours, 8 to 15 their bright ones, 16 to 255 xterm's.
    package struct Colour: Hashable, Sendable {
        package var index: UInt8

        package init(_ index: UInt8) { self.index = index }

        package static let black = Colour(0)
        package static let red = Colour(1)
        package static let green = Colour(2)
        package static let yellow = Colour(3)
        package static let blue = Colour(4)
        package static let magenta = Colour(5)
        package static let cyan = Colour(6)
        package static let white = Colour(7)
        package static let brightBlack = Colour(8)
        package static let brightWhite = Colour(15)
    }

    /// Nil: the terminal's own.
    package var foreground: Colour?
    package var background: Colour?
    package var isBold = false
    package var isDim = false
    package var isUnderlined = false
    package var isReversed = false

    package static let plain = TextStyle()

    package init(foreground: Colour? = nil, background: Colour? = nil) {
        self.foreground = foreground
        self.background = background
    }

    package var bold: TextStyle {
        var style = self
        style.isBold = true
        return style
    }

    package var dim: TextStyle {
        var style = self
        style.isDim = true
        return style
    }

    package var reversed: TextStyle {
        var style = self
        style.isReversed = true
        return style
    }

    package var underlined: TextStyle {
        var style = self
        style.isUnderlined = true
        return style
    }
}

/// What a terminal can show, by its environment alone: no terminal is asked, since some never answer.
package struct TerminalCapabilities: Hashable, Sendable {
    package enum Colours: Hashable, Sendable { case none, sixteen, many }

    package var colours: Colours
    /// Bold, dim, underline and reverse.
    package var hasAttributes: Bool
    /// It can place the cursor and clear the screen; without, only the linear client is of use.
    package var isScreen: Bool

    package init(colours: Colours, hasAttributes: Bool = true, isScreen: Bool = true) {
        self.colours = colours
        self.hasAttributes = hasAttributes
        self.isScreen = isScreen
    }

    /// - Parameter environment: TERM, COLORTERM and NO_COLOR (no-color.org) are read.
    package init(environment: [String: String]) {
        let term = environment["TERM"] ?? ""
        isScreen = !["", "dumb", "unknown", "network", "cons25"].contains(term)
        hasAttributes = isScreen
        let hasMany =
            term.contains("256color") || term.contains("kitty") || term.contains("alacritty")
            || environment["COLORTERM"].map { $0 == "truecolor" || $0 == "24bit" } ?? false
        let hasNone =
            term.hasPrefix("vt1") || term.hasPrefix("vt2") || term.hasPrefix("vt3") || term.hasSuffix("-m")
            || term.hasSuffix("-mono")
        let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        colours = !isScreen || hasNone || isRefused ? .none : hasMany ? .many : .sixteen
    }
}
