/// The name of a theme, as the configuration has it.
package enum ThemeName: String, CaseIterable, Sendable {
    case dark, light
    case highContrast = "high-contrast"
    case mono

    var next: ThemeName {
        let all = ThemeName.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}

/// How the parts of the screen look. Nothing is told by colour alone.
struct Theme {
    let plain = TextStyle.plain
    let bar: TextStyle
    let selected: TextStyle
    /// Selected in a pane that has not the focus.
    let selectedElsewhere: TextStyle
    let border: TextStyle
    let heading: TextStyle
    let dim: TextStyle
    let key: TextStyle
    let good: TextStyle
    let bad: TextStyle
    private let colours: (red: TextStyle, green: TextStyle, yellow: TextStyle, cyan: TextStyle)

    init(_ name: ThemeName) {
        func colour(_ index: UInt8) -> TextStyle { TextStyle(foreground: TextStyle.Colour(index)) }
        switch name {
        case .dark:
            bar = TextStyle(foreground: .brightWhite, background: TextStyle.Colour(24))
            selected = TextStyle(foreground: .brightWhite, background: TextStyle.Colour(31))
            selectedElsewhere = TextStyle(background: TextStyle.Colour(238))
            border = colour(240)
            heading = TextStyle.plain.bold
            dim = TextStyle.plain.dim
            key = colour(6).bold
            colours = (colour(9), colour(10), colour(11), colour(14))
        case .light:
            bar = TextStyle(foreground: .brightWhite, background: TextStyle.Colour(25))
            selected = TextStyle(foreground: .black, background: TextStyle.Colour(153))
            selectedElsewhere = TextStyle(background: TextStyle.Colour(254))
            border = colour(250)
            heading = TextStyle.plain.bold
            dim = colour(242)
            key = colour(25).bold
            colours = (colour(124), colour(28), colour(130), colour(25))
        case .highContrast:
            bar = TextStyle.plain.bold.reversed
            selected = TextStyle.plain.bold.reversed
            selectedElsewhere = TextStyle.plain.underlined
            border = .plain
            heading = TextStyle.plain.bold.underlined
            dim = .plain
            key = TextStyle.plain.bold
            colours = (colour(9).bold, colour(10).bold, colour(11).bold, colour(14).bold)
        case .mono:
            bar = TextStyle.plain.reversed
            selected = TextStyle.plain.reversed
            selectedElsewhere = TextStyle.plain.underlined
            border = TextStyle.plain.dim
            heading = TextStyle.plain.bold
            dim = TextStyle.plain.dim
            key = TextStyle.plain.bold
            colours = (.plain.bold, .plain, .plain.bold, .plain)
        }
        good = colours.green
        bad = colours.red.bold
    }

    func style(_ style: StyledText.Style) -> TextStyle {
        switch style {
        case .plain: .plain
        case .bold: heading
        case .dim: dim
        case .red: colours.red
        case .green: colours.green
        case .yellow: colours.yellow
        case .cyan: colours.cyan
        case .blackOnWhite: TextStyle(foreground: .black, background: .brightWhite)
        }
    }
}
