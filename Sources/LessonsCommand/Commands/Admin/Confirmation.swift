/// A severe act: its name has to be typed, or handed over with `--confirm`.
struct Confirmation {
    /// What to type.
    var name: String
    /// Completes "this …", such as `suspends the organisation al-police`.
    var effect: String

    /// - Parameter given: what `--confirm` said; nil asks the person, where one is there.
    /// - Throws: NOT_CONFIRMED; nothing was done.
    func check(_ given: String?, _ context: CommandContext) throws {
        var typed = given
        if typed == nil, context.mayAsk {
            context.output.message(StyledText("This \(effect). Type ") + StyledText(name, .bold))
            typed = readLine()
        }
        guard typed == name else {
            throw CommandFailure(
                .usage, "NOT_CONFIRMED", "nothing was done: this \(effect)", hint: "confirm with: --confirm '\(name)'")
        }
    }
}
