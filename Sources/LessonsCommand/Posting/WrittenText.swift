import LessonModel
import TerminalUI

/// A text that a person hands in: a file, standard input, or what they write in their editor.
struct WrittenText {
    var bytes: [UInt8]
    /// Names it in problems.
    var name: String
    /// The file that holds the text; nil for standard input and for text from the command line.
    var path: String?
}

/// Gets such texts, and keeps what was written until it is sent.
struct TextSource {
    let context: CommandContext
    let drafts: Drafts
    /// Begins the names of drafts.
    let kind: String

    init(_ context: CommandContext, kind: String) throws {
        self.context = context
        drafts = try Drafts(context.profile)
        self.kind = kind
    }

    /// - Parameters:
    ///   - file: `-` for standard input; nil for the editor.
    ///   - template: what the editor begins with.
    func read(_ file: String?, maxBytes: Int, template: @autoclosure () throws -> String) throws -> WrittenText {
        if let file { return try read(file, maxBytes: maxBytes) }
        guard context.mayAsk else {
            throw CommandFailure(
                .usage, "NO_INPUT", "there is nobody to write the \(kind) here: name a file, or - for standard input")
        }
        let path = try drafts.save(try template(), kind: kind, now: context.now)
        try edit(path)
        return try read(path, maxBytes: maxBytes)
    }

    func edit(_ path: String) throws {
        do { try Editor.edit(path, environment: context.environment) } catch {
            throw CommandFailure(error.status, error.code, error.message, hint: "your text is kept in \(path)")
        }
    }

    /// Asks whether to go on writing; false where nobody can be asked.
    func wantsToEditAgain() -> Bool {
        guard context.mayAsk else { return false }
        context.output.message("edit it again? [Y/n]")
        let answer = readLine()?.lowercased() ?? "n"
        return answer.isEmpty || answer.hasPrefix("y")
    }

    /// Makes sure that the text survives a failure, and says where it is.
    func keep(_ text: WrittenText) {
        if let path = text.path {
            if drafts.owns(path) { context.output.message(StyledText("your text is kept in \(path)")) }
            return
        }
        guard !text.bytes.isEmpty else { return }
        do {
            let path = try drafts.save(String(decoding: text.bytes, as: UTF8.self), kind: kind, now: context.now)
            context.output.message(StyledText("your text is kept in \(path)"))
        } catch {
            context.output.warning(error.message)
        }
    }

    /// Takes away a draft whose text is with the relay or in the outbox.
    func finish(_ text: WrittenText) {
        if let path = text.path, drafts.owns(path) { drafts.remove(path) }
    }

    private func read(_ file: String, maxBytes: Int) throws -> WrittenText {
        let bytes = try InputText.bytes(file, maxBytes: maxBytes)
        return file == "-"
            ? WrittenText(bytes: bytes, name: "stdin", path: nil) : WrittenText(bytes: bytes, name: file, path: file)
    }
}
