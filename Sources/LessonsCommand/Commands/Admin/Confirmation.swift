import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

/// A severe act: its name has to be typed, or handed over with `--confirm`.
struct Confirmation: ParsableArguments {
    @Option(name: .customLong("confirm"), help: "The name that you would have to type.")
    var given: String?

    /// - Parameters:
    ///   - name: what to type.
    ///   - effect: completes "this …", such as `suspends the organisation al-police`.
    /// - Throws: NOT_CONFIRMED; nothing was done.
    func check(_ name: String, _ effect: String, _ context: CommandContext) throws {
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

extension RelayConnection {
    /// - Throws: NOT_FOUND.
    func knownMember(_ id: MemberID) async throws -> WireMember {
        guard let member = try await member(id) else {
            throw CommandFailure(
                .missingInput, "NOT_FOUND", "there is no member \(id)", hint: "see them with: lessons admin members")
        }
        return member
    }
}

extension UInt32 {
    /// `1 session`, `2 sessions`.
    func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
