import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

/// Makes a post of what was written, keeps it in the outbox, and sends it where there is a line.
struct SubmissionPosting {
    let context: CommandContext
    let mirror: ClientMirror
    let connection: RelayConnection?
    /// Told of files that go with the post.
    let progress: @Sendable (TransferState) -> Void

    /// - Parameter attachments: paths of files; `~/` stands for the home folder.
    func deliver(_ submission: Submission, _ attachments: [String]) async -> SubmissionOutcome {
        do {
            let identity = try context.freshIdentity()
            var post = try await post(submission, identity)
            if !attachments.isEmpty {
                let home = context.environment["HOME"] ?? "~"
                let paths = attachments.map { $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
                post.attachments = try AttachedFiles.take(paths, into: try context.profile.openAttachments())
                do { try post.validate() } catch { throw CommandFailure(any: error) }
            }
            return try await send(post, title(of: submission), identity)
        } catch {
            return .refused(CommandFailure(any: error).message)
        }
    }

    private func title(of submission: Submission) -> String {
        switch submission {
        case .lesson(let document): document.lesson.title
        case .reply: "reply"
        case .endorsement: "endorsement"
        case .report(_, let report): "application report: \(report.status.name)"
        case .translation(_, _, let language, let lesson): "translation (\(language)): \(lesson.title)"
        case .revision(_, _, _, let document): "revision: \(document.lesson.title)"
        case .state(_, _, let to, _, _): "state: \(to.name)"
        case .redaction: "redaction"
        }
    }

    // MARK: Making

    private func post(_ submission: Submission, _ identity: ClientIdentity) async throws -> Post {
        if case .lesson(let document) = submission {
            return try PostSigner(identity).post(
                document.lesson, topic: document.topic, marking: document.marking, audience: document.audience,
                language: document.language, now: context.now)
        }
        switch submission {
        case .lesson: preconditionFailure("made above")
        case .reply(let thread, let parent, let text, let marking, let audience):
            let posts = try shown(thread)
            guard let answered = posts.first(where: { $0.post.id == parent })?.post else { throw Self.notHere }
            return try made(
                .comment(Comment(parent: parent, text: text)), in: thread, like: answered, identity, marking, audience)
        case .endorsement(let thread, let isWithdrawal, let note):
            let lesson = try lesson(of: thread)
            return try made(
                .endorsement(Endorsement(isWithdrawal: isWithdrawal, note: note)), in: thread, like: lesson, identity)
        case .report(let thread, let report):
            return try made(.applicationReport(report), in: thread, like: lesson(of: thread), identity)
        case .translation(let thread, let source, let language, let text):
            let translation = Translation(source: source, lesson: text, isByMachine: false)
            return try made(
                .translation(translation), in: thread, like: lesson(of: thread), identity, language: language)
        case .revision(let thread, let base, let note, let document):
            let revision = Revision(base: base, lesson: document.lesson, note: note)
            return try made(.revision(revision), in: thread, like: lesson(of: thread), identity)
        case .state(let thread, let from, let to, let reason, let supersededBy):
            let standing = ThreadStanding(thread: thread, posts: try shown(thread))
            let change = StateChange(
                from: from, to: to, reason: reason,
                evidence: to.needsEvidence ? standing.projection?.qualifiedEvidence ?? [] : [],
                supersededBy: try await other(supersededBy, identity))
            return try made(.stateChange(change), in: thread, like: lesson(of: thread), identity)
        case .redaction(let thread, let target, let reason):
            guard let post = try shown(thread).first(where: { $0.post.id == target }) else { throw Self.notHere }
            let redaction = Redaction(
                target: target, targetHash: SHA256.digest(post.stored.post.content), reason: reason)
            return try made(.redaction(redaction), in: thread, like: post.post, identity)
        }
    }

    private func made(
        _ body: Post.Body, in thread: PostID, like model: Post, _ identity: ClientIdentity, _ marking: Marking? = nil,
        _ audience: Audience = .everybody, language: String? = nil
    ) throws -> Post {
        let names = audience.organisations.map(\.text) + audience.members.map(\.description)
        let handling = try ReplyHandling(to: model, from: identity.viewer, marking: marking, audience: names)
        let post = try PostSigner(identity).post(
            body, in: thread, topic: model.topic, marking: handling.marking, audience: handling.audience,
            language: language ?? model.language, now: context.now)
        do { try post.validate() } catch { throw CommandFailure(error) }
        return post
    }

    private func shown(_ thread: PostID) throws -> [ShownPost] { mirror.shown(try mirror.thread(thread)) }

    private func lesson(of thread: PostID) throws -> Post {
        guard let lesson = try shown(thread).first(where: { $0.post.id == thread }) else { throw Self.notHere }
        return lesson.post
    }

    private static let notHere = CommandFailure(.missingInput, "NOT_FOUND", Texts.Work.postNotHere)

    private func other(_ name: String, _ identity: ClientIdentity) async throws -> PostID? {
        guard !name.isEmpty else { return nil }
        let reader = ThreadReader(mirror: mirror, identity: identity, connection: connection)
        return try await reader.find(try PostReference(name)).thread.id
    }

    // MARK: Sending

    private func send(_ post: Post, _ title: String, _ identity: ClientIdentity) async throws -> SubmissionOutcome {
        let signer = try PostSigner(identity)
        let outbox = try context.profile.openOutbox()
        try outbox.add(
            OutboxItem(id: post.id, post: try signer.sign(post), title: title, createdAt: post.createdAt))
        guard let connection else { return .queued(Texts.Work.noConnection) }
        let report = try await context.sender(outbox, identity).send(over: connection, now: context.now) { step in
            guard case .uploading(let name, let bytes, let size) = step else { return }
            progress(TransferState(name: name, bytes: bytes, size: size))
        }
        if let sent = report.sent.first(where: { $0.id == post.id }) {
            guard !sent.isHeld else { return .held }
            // So that it is seen at once, whatever is followed.
            _ = try? await ThreadReader(mirror: mirror, identity: identity, connection: connection).fetch(post.id)
            return .sent(sent.sequence)
        }
        if let refused = report.refused.first(where: { $0.id == post.id }) {
            try outbox.drop(post.id)
            return .refused(refused.error.message)
        }
        if case .sent(let sequence) = try outbox.item(post.id)?.state { return .sent(sequence) }
        return .queued(report.stopped.map { CommandFailure($0).message } ?? Texts.Work.connectionEnded)
    }
}

extension ThreadProjection {
    /// Reports that show that another organisation has applied the lesson, for all who may see it.
    var qualifiedEvidence: [PostID] {
        currentReports.filter {
            $0.status == .adopted && $0.hasEvidence && $0.isForWholeThread && $0.organisation != organisation
        }.suffix(StateChange.maxEvidence).map(\.post)
    }
}
