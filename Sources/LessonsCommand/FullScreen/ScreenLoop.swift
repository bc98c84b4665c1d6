import Foundation
import LessonModel
import TerminalUI

/// The thread that holds terminal and state. It waits for keys, signals and posted events in one place, changes the state,
/// shows the frame, and hands everything else to others.
struct ScreenLoop: Sendable {
    private static let tickMilliseconds: Int32 = 1_000
    /// While something is typed that is not on the disk.
    private static let typingMilliseconds: Int32 = 250

    let context: CommandContext
    let settings: ClientSettings
    let me: ClientIdentityFacts?
    /// The person has joined a moment ago.
    var isFirst = false
    let mailbox: ClientMailbox
    /// Hands an effect over, and returns at once.
    let perform: @Sendable (ClientEffect) -> Void
    /// Does an effect at once, for what the first frame shows.
    let answer: @Sendable (ClientEffect) -> Void
    /// Asked after each event; nil: only the person ends it.
    var hasEnded: (@Sendable () -> Bool)?

    /// - Returns: the exit status where a signal has ended it.
    func run() async throws -> Sysexit? {
        try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: waiting for keys must not hold one of the few that serve tasks.
            let thread = Thread { continuation.resume(with: Result { try hold() }) }
            thread.name = "terminal"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    private func hold() throws -> Sysexit? {
        let driver: TerminalDriver
        do throws(TerminalError) {
            driver = try TerminalDriver(
                capabilities: TerminalCapabilities(environment: context.environment), usesMouse: settings.usesMouse)
        } catch {
            throw CommandFailure(
                .usage, "NO_TERMINAL", error.description, hint: "use the commands, or: lessons --plain")
        }
        let waker = driver.waker
        mailbox.setWake { waker.wake() }
        defer {
            mailbox.setWake(nil)
            driver.restore()
        }
        let size = driver.size
        var state = ClientState(
            columns: size.columns, rows: size.rows, now: context.now, me: me, theme: settings.theme,
            bindings: settings.bindings)
        state.begin(usesMouse: settings.usesMouse, ringsBell: settings.ringsBell)
        if isFirst, let me { _ = state.update(.joined(me)) }
        for effect in state.firstEffects { answer(effect) }
        for event in mailbox.take() { for effect in state.update(event) { perform(effect) } }
        driver.show(ClientView.frame(state))
        return wait(driver, &state)
    }

    private func wait(_ driver: TerminalDriver, _ state: inout ClientState) -> Sysexit? {
        while true {
            let timeout = state.hasUnsavedText ? Self.typingMilliseconds : Self.tickMilliseconds
            var events: [ClientEvent] = [.tick(context.now)]
            for event in driver.events(timeoutMilliseconds: timeout) {
                switch event {
                case .input(.key(let key)): events.append(.key(key))
                case .input(.paste(let text)): events.append(.paste(text))
                case .input(.mouse(let mouse)): events.append(.mouse(mouse))
                case .input(.focus): break
                case .resized(let columns, let rows): events.append(.resized(columns: columns, rows: rows))
                case .ending(let signal):
                    saveDraft(&state)
                    return signal == SIGINT ? .interrupted : .terminated
                case .hangup:
                    saveDraft(&state)
                    return .terminated
                case .stopRequested: driver.stop()
                case .lost: driver.forget()
                case .woken: break
                }
            }
            events += mailbox.take()
            for event in events {
                for effect in state.update(event) {
                    if take(effect, driver, &state) { return nil }
                }
            }
            if hasEnded?() == true { return nil }
            driver.setMouse(state.usesMouse)
            driver.show(ClientView.frame(state))
        }
    }

    private func saveDraft(_ state: inout ClientState) {
        if let effect = state.lastDraft { answer(effect) }
    }

    /// - Returns: true when the client is to end.
    private func take(_ effect: ClientEffect, _ driver: TerminalDriver, _ state: inout ClientState) -> Bool {
        switch effect {
        case .quit:
            saveDraft(&state)
            return true
        case .suspend:
            saveDraft(&state)
            driver.stop()
            state.update(size: driver.size)
        case .redraw: driver.forget()
        case .ring(let text):
            // Programs that show messages (OSC 9) do so; the bell rings in all.
            if settings.showsMessages { driver.send("\u{1B}]9;Lessons: \(SafeText.terminal(text))\u{1B}\\") }
            driver.ring()
        case .copy(let text): copy(text, driver)
        case .edit(let text, let kind):
            saveDraft(&state)
            let edited = edit(text, kind, driver)
            state.update(size: driver.size)
            for further in state.update(edited) where take(further, driver, &state) { return true }
        default: perform(effect)
        }
        return false
    }

    /// Runs $EDITOR on a draft, which stays until it was read back.
    private func edit(_ text: String, _ kind: String, _ driver: TerminalDriver) -> ClientEvent {
        do {
            let drafts = try Drafts(context.profile)
            let path = try drafts.save(text, kind: kind, now: context.now)
            try driver.suspended { try Editor.edit(path, environment: context.environment) }
            let bytes = try InputText.bytes(path, maxBytes: LessonDocument.maxBytes)
            drafts.remove(path)
            return .edited(String(decoding: bytes, as: UTF8.self))
        } catch {
            return .failed(CommandFailure(any: error).message)
        }
    }

    /// Into the terminal's clipboard, by OSC 52; within tmux by its own command, which passes it on.
    private func copy(_ text: String, _ driver: TerminalDriver) {
        guard context.environment["TMUX"] != nil else {
            driver.send("\u{1B}]52;c;\(Data(text.utf8).base64EncodedString())\u{07}")
            return
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tmux", "load-buffer", "-w", "-"]
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return }
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

extension ClientState {
    fileprivate mutating func update(size: (columns: Int, rows: Int)) {
        _ = update(.resized(columns: size.columns, rows: size.rows))
    }
}
