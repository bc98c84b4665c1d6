import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

/// Brings a post that was just made to the relay: into the outbox first, so that nothing is lost, then over the line.
struct PostDelivery {
    enum Outcome {
        case sent(SequenceNumber)
        /// The relay has it, and a curator of its topic decides.
        case held
        /// It stands in the outbox; why it was not sent, and whether a later try is of use by itself.
        case queued(CommandFailure)
    }

    let context: CommandContext
    let identity: ClientIdentity

    /// - Throws: a failure when the relay refused the post for good; it is then not in the outbox any more.
    func deliver(_ post: Post, title: String) async throws -> Outcome {
        let signed = try PostSigner(identity).sign(post)
        let outbox = try context.profile.openOutbox()
        try outbox.add(OutboxItem(id: post.id, post: signed, title: title, createdAt: post.createdAt))
        let connection: RelayConnection
        do { connection = try await context.connect(identity) } catch { return .queued(CommandFailure(error)) }
        do {
            let outcome = try await send(post.id, topic: post.topic, outbox, connection)
            await context.renewIfDue(identity, over: connection)
            await connection.close()
            return outcome
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Says how it ended, and throws the exit status for a post that waits.
    func report(_ outcome: Outcome, of post: Post) throws {
        let output = context.output
        var fields: [(String, JSONNode)] = [
            ("id", .string(post.id.description)), ("thread", .string(post.thread.description)),
        ]
        switch outcome {
        case .sent(let sequence):
            if output.isJSON {
                fields += [("status", .string("sent")), ("sequence", .integer(sequence))]
                try output.json(.object(fields))
                return
            }
            try output.data(StyledText("#\(sequence)", .bold) + StyledText("  \(post.id)"))
            let receivers = AudienceText.receivers(
                marking: post.marking, audience: post.audience, author: .you(post.organisation))
            output.message(
                StyledText("posted to \(post.topic), ") + StyledText(post.marking) + StyledText(", for \(receivers)"))
            output.message(StyledText("see it with: lessons show \(sequence)", .dim))
        case .held:
            if output.isJSON {
                fields += [("status", .string("held")), ("sequence", .null)]
                return try output.json(.object(fields))
            }
            try output.data(StyledText(post.id.description))
            output.message(
                StyledText(
                    "\(post.topic) is moderated: a curator reads your \(post.body.kind.name) before it is posted",
                    .yellow))
            output.message(StyledText("see where it stands with: lessons queue --mine", .dim))
        case .queued(let failure):
            if output.isJSON {
                fields += [("status", .string("queued")), ("sequence", .null), ("reason", .string(failure.message))]
                try output.json(.object(fields))
            } else {
                try output.data(StyledText(post.id.description))
                output.message(StyledText("not sent yet: \(failure.message)", .yellow))
                if failure.status == .denied, let hint = failure.hint { output.message(StyledText(hint)) }
                output.message(
                    "the post is kept in the outbox and is sent by the next command that connects, or by: lessons outbox send"
                )
            }
            throw ExitCodeRequest(failure.status == .denied ? .denied : .queued)
        }
    }

    private func send(
        _ id: PostID, topic: Topic, _ outbox: Outbox, _ connection: RelayConnection
    ) async throws -> Outcome {
        var progress = ProgressReport("sent", total: nil, output: context.output, now: .now)
        var report = try await context.sender(outbox, identity).send(over: connection, now: context.now) { step in
            if case .uploading(let name, let bytes, let size) = step {
                progress.upload(name, bytes, of: size, now: .now)
            }
        }
        progress.end()
        let own = report.sent.first { $0.id == id }
        let refusal = report.refused.first { $0.id == id }
        report.sent.removeAll { $0.id == id }
        report.refused.removeAll { $0.id == id }
        context.tell(report)
        if let own {
            guard !own.isHeld else { return .held }
            // So that it can be read and answered offline; the post is safe without.
            if let mirror = try? context.mirror(identity) {
                _ = try? await ThreadReader(mirror: mirror, identity: identity, connection: connection).fetch(id)
            }
            return .sent(own.sequence)
        }
        guard let refusal else {
            // Another process may have sent it meanwhile.
            if case .sent(let sequence) = try outbox.item(id)?.state { return .sent(sequence) }
            return .queued(
                CommandFailure(report.stopped ?? .disconnected("the connection ended before the post was sent")))
        }
        var failure = CommandFailure(refusal.error)
        if refusal.error.code == .unknownTopic, let topics = try? await connection.topics() {
            failure.hint = TopicSuggestion.hint(for: topic.path, among: topics.map(\.path)) ?? failure.hint
        }
        try outbox.drop(id)
        throw failure
    }
}

/// Ends the command with a status that needs no further words.
struct ExitCodeRequest: Error {
    let status: Sysexit

    init(_ status: Sysexit) { self.status = status }
}
