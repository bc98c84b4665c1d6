import Foundation
import LessonModel
import TerminalUI

/// The client without a screen: lines from standard input, lines to standard output.
struct LinearLoop: Sendable {
    private enum Input: Sendable {
        case line(String)
        case ended
        case news
    }

    let context: CommandContext
    let settings: ClientSettings
    let me: ClientIdentityFacts?
    let mailbox: ClientMailbox
    let perform: @Sendable (ClientEffect) -> Void
    let answer: @Sendable (ClientEffect) -> Void
    var hasEnded: (@Sendable () -> Bool)?

    /// Returns when the person quits, or the input ends.
    func run() async throws {
        let (inputs, queue) = AsyncStream<Input>.makeStream()
        mailbox.setWake { queue.yield(.news) }
        // A thread of its own, since reading a line waits for as long as the person thinks.
        let thread = Thread {
            while let line = readLine() { queue.yield(.line(line)) }
            queue.yield(.ended)
        }
        thread.start()
        var client = LinearClient(
            ClientState(
                columns: context.output.width ?? 80, rows: 24, now: context.now, me: me, bindings: settings.bindings))
        var isPromptShown = false
        func say(_ turn: LinearClient.Turn, asks: Bool) throws -> Bool {
            if !turn.lines.isEmpty {
                if isPromptShown { try context.output.document("\n") }
                try context.output.document(turn.lines.joined(separator: "\n") + "\n")
                isPromptShown = false
            }
            for effect in turn.effects where try take(effect, &client) { return true }
            if asks || !isPromptShown {
                try context.output.document(client.prompt)

                isPromptShown = true
            }
            return false
        }
        if try say(client.begin(), asks: false) { return }
        for await input in inputs {
            _ = client.take(.tick(context.now))
            switch input {
            case .line(let line):
                isPromptShown = false
                if try say(client.take(line: line), asks: true) { return }
            case .news:
                for event in mailbox.take() where try say(client.take(event), asks: false) { return }
            case .ended:
                if let draft = client.state.lastDraft { answer(draft) }
                return
            }
            if hasEnded?() == true { return }
        }
    }

    /// - Returns: true when the client is to end.
    private func take(_ effect: ClientEffect, _ client: inout LinearClient) throws -> Bool {
        switch effect {
        case .quit:
            if let draft = client.state.lastDraft { answer(draft) }
            return true
        case .edit(let text, let kind):
            let drafts = try Drafts(context.profile)
            let path = try drafts.save(text, kind: kind, now: context.now)
            try Editor.edit(path, environment: context.environment)
            let bytes = try InputText.bytes(path, maxBytes: LessonDocument.maxBytes)
            drafts.remove(path)
            mailbox.post(.edited(String(decoding: bytes, as: UTF8.self)))
        case .copy(let text): try context.output.document(text + "\n")
        case .redraw, .ring(_), .suspend: break
        default: perform(effect)
        }
        return false
    }
}
