import GRDB
import LessonModel

/// One transaction's worth of posts on their way into the log. The counters of topics and threads are written once, at
/// the end, however many posts of the batch touch them.
struct AppendBatch {
    private struct ThreadGrowth {
        var openPosts: Int64 = 0
        var restrictedPosts: Int64 = 0
        var openLastSequence: SequenceNumber = 0
    }

    /// Where a post belongs, or why it does not.
    private enum Placement {
        case lesson
        /// With what the thread comes to before it, for a post that changes it.
        case inThread(LogState.ThreadRow, ThreadProjection?)
        case refused(AppendOutcome)

        var isRefused: Bool { if case .refused = self { true } else { false } }
    }

    private let db: Database
    private let receivedAt: Milliseconds
    private let decode: ([UInt8]) -> Post?
    /// Loaded within the running transaction.
    var state = LogState()
    private var touchedTopics: Set<Topic> = []
    private var threadGrowth: [SequenceNumber: ThreadGrowth] = [:]

    init(db: Database, receivedAt: Milliseconds, decode: @escaping ([UInt8]) -> Post?) {
        self.db = db
        self.receivedAt = receivedAt
        self.decode = decode
    }

    private var lastSequence: SequenceNumber { state.lastSequence ?? 0 }

    mutating func append(_ requests: [AppendRequest]) throws -> [AppendOutcome] {
        let first = lastSequence
        var outcomes: [AppendOutcome] = []
        outcomes.reserveCapacity(requests.count)
        for request in requests { outcomes.append(try append(request)) }
        if lastSequence > first { try noteHour(of: first + 1) }
        try writeCounters()
        return outcomes
    }

    func move(_ cursors: [CursorUpdate]) throws {
        for cursor in cursors {
            try db.run(
                """
                UPDATE subscriptions SET cursor = max(cursor, min(?1, ?2)), updated_at = ?3
                WHERE member = ?4 AND durable = ?5 AND cursor < ?1
                """,
                [
                    .integer(cursor.through), .integer(lastSequence), .integer(receivedAt), .id(cursor.member),
                    .text(cursor.durable),
                ])
        }
    }

    private mutating func append(_ request: AppendRequest) throws -> AppendOutcome {
        let post = request.post
        if let known = try heldBefore(request) { return known }
        let placement = try place(request)
        if !placement.isRefused, let missing = try AttachmentSQL.missing(request, in: db) {
            return try earlier(request) ?? .attachmentMissing(name: missing.name)
        }
        if let held = try hold(request, placement) { return held }
        switch placement {
        case .refused(let outcome):
            // Whoever repeats a post must hear its first answer, even when it would be refused by now.
            return try earlier(request) ?? outcome
        case .lesson:
            let isOpen = post.marking.isForAllMembers
            let facts = ThreadFacts(
                topic: state.formerNames.name(of: post.topic), country: request.country, language: post.language,
                organisationKind: request.organisationKind, state: .observation)
            guard let place = try insert(request, thread: nil, isOpen: isOpen) else {
                return try earlier(request) ?? .conflict
            }
            let topicID = try insertThread(request, facts: facts, at: place)
            try ThreadChange(db: db, thread: place.sequence, visibility: post.visibility, decode: decode)
                .insertText(post, at: place.sequence)
            count(facts.topic, isOpen: isOpen, isThread: true, at: place)
            try noteApproval(of: request, at: place)
            state.threads[post.id] = LogState.ThreadRow(
                sequence: place.sequence, topicID: topicID, visibility: post.visibility, facts: facts)
            return .appended(logged(request, at: place, threadVisibility: nil, facts: facts))
        case .inThread(var thread, let projection):
            let isOpen = post.marking.isForAllMembers && thread.visibility.marking.isForAllMembers
            guard let place = try insert(request, thread: thread.sequence, isOpen: isOpen) else {
                return try earlier(request) ?? .conflict
            }
            count(thread.facts.topic, isOpen: isOpen, isThread: false, at: place)
            try noteApproval(of: request, at: place)
            var growth = threadGrowth[thread.sequence] ?? ThreadGrowth()
            if isOpen {
                growth.openPosts += 1
                growth.openLastSequence = place.sequence
            } else {
                growth.restrictedPosts += 1
            }
            threadGrowth[thread.sequence] = growth
            if let projection {
                let change = ThreadChange(
                    db: db, thread: thread.sequence, visibility: thread.visibility, decode: decode)
                try change.apply(post, at: place.sequence, to: projection)
                if case .stateChange(let moved) = post.body {
                    thread.facts.state = moved.to
                    state.threads[post.thread] = thread
                }
            }
            return .appended(logged(request, at: place, threadVisibility: thread.visibility, facts: thread.facts))
        }
    }

    private mutating func place(_ request: AppendRequest) throws -> Placement {
        let post = request.post
        // What was signed may name the topic as it was called before it moved.
        let name = state.formerNames.name(of: post.topic)
        let topic = state.topics?[name].flatMap { $0.isArchived ? nil : $0 }
        guard post.body.kind != .lesson else { return topic == nil ? .refused(.unknownTopic) : .lesson }
        guard let thread = try thread(post.thread) else { return .refused(.unknownThread) }
        switch request.mayReply(thread.visibility) {
        case .unseen: return .refused(.unknownThread)
        case .wider: return .refused(.widerThanThread)
        case .allowed: break
        }
        guard thread.facts.topic == name else { return .refused(.topicMismatch) }
        guard topic != nil else { return .refused(.unknownTopic) }
        guard case .comment(let comment) = post.body else {
            do {
                let rules = try ThreadRules(of: thread, for: request, in: db)
                try rules.check(post)
                return .inThread(thread, rules.projection)
            } catch let error as ThreadRuleError {
                return .refused(.ruledOut(error))
            }
        }
        if comment.parent != post.thread {
            let parent = try db.first(
                "SELECT p.sequence FROM posts p WHERE p.id = ?3 AND p.thread = ?4 AND \(VisibilitySQL.post("p"))",
                [.id(post.author), .text(post.organisation.text), .id(comment.parent), .integer(thread.sequence)]
            ) { $0.integer(0) }
            guard let parent else { return .refused(.unknownParent) }
            // The answer names what it answers, and would give it away to somebody who may not see that.
            guard case .allowed = request.mayReply(try PostVisibilitySQL.visibility(of: parent, in: db)) else {
                return .refused(.widerThanThread)
            }
        }
        return .inThread(thread, nil)
    }

    /// Of the topic that `name` stands for, now or before it moved.
    private func row(of name: Topic) -> LogState.TopicRow? { state.topics?[state.formerNames.name(of: name)] }

    /// Lessons and comments of those who do not curate a moderated topic wait for one who does.
    /// - Returns: nil when the post goes on to the log, or has an answer already.
    private mutating func hold(_ request: AppendRequest, _ placement: Placement) throws -> AppendOutcome? {
        switch placement {
        case .refused, .inThread(_, .some): return nil
        case .lesson, .inThread(_, nil): break
        }
        guard row(of: request.post.topic)?.isModerated == true, !request.rights.isCurator,
            request.approval == nil
        else { return nil }
        if let known = try earlier(request) { return known }
        state.hasHeldPosts = true
        return try HeldPostSQL.hold(
            request, to: state.formerNames.name(of: request.post.topic), at: receivedAt, in: db)
    }

    /// What was held has that answer, whatever has become of its topic and its author since; what waits goes on when a
    /// curator lets it through.
    /// - Returns: nil when the post goes on.
    private func heldBefore(_ request: AppendRequest) throws -> AppendOutcome? {
        guard state.hasHeldPosts, let held = try HeldPostSQL.known(request.post.id, in: db) else { return nil }
        let inLog = try earlier(request)
        guard request.approval != nil else {
            if let inLog { return inLog }
            return held.contentHash == request.contentHash ? .held : .conflict
        }
        if held.state != .waiting { return inLog ?? .notWaiting }
        if case .duplicate(let place)? = inLog { try noteApproval(of: request, at: place) }
        return inLog
    }

    private func noteApproval(of request: AppendRequest, at place: PostPlace) throws {
        guard let approval = request.approval else { return }
        try HeldPostSQL.approve(request.post.id, at: place, by: approval, in: db)
    }

    /// Nil when the id is in the log already; nothing was changed then.
    private mutating func insert(
        _ request: AppendRequest, thread: SequenceNumber?, isOpen: Bool
    ) throws -> PostPlace? {
        let post = request.post
        guard let topic = row(of: post.topic) else { return nil }
        let sequence = lastSequence + 1
        let changed = try db.run(
            """
            INSERT INTO posts (sequence, id, topic, thread, kind, marking, is_open, organisation, author,
                received_at, content_hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """,
            [
                .integer(sequence), .id(post.id), .integer(topic.id),
                .integer(thread ?? sequence), .integer(post.body.kind.rawValue), .integer(post.marking.rawValue),
                .flag(isOpen), .text(post.organisation.text), .id(post.author), .integer(receivedAt),
                .blob(request.contentHash),
            ])
        guard changed == 1 else { return nil }
        try db.run(
            "INSERT INTO post_contents (sequence, content, signature, certificate) VALUES (?, ?, ?, ?)",
            [
                .integer(sequence), .blob(request.signed.content), .blob(request.signed.signature),
                .blob(request.signed.certificateFingerprint),
            ])
        for slug in post.audience.organisations {
            try db.run(
                "INSERT INTO post_organisations (post, organisation) VALUES (?, ?)",
                [.integer(sequence), .text(slug.text)])
        }
        for member in post.audience.members {
            try db.run("INSERT INTO post_members (post, member) VALUES (?, ?)", [.integer(sequence), .id(member)])
        }
        try AttachmentSQL.insert(post, at: sequence, in: db)
        state.lastSequence = sequence
        return PostPlace(sequence: sequence, receivedAt: receivedAt)
    }

    /// - Returns: the row of the thread's topic.
    private func insertThread(_ request: AppendRequest, facts: ThreadFacts, at place: PostPlace) throws -> Int64 {
        let post = request.post
        let topicID = row(of: post.topic)?.id ?? 0
        var title = ""
        if case .lesson(let lesson) = post.body { title = lesson.title }
        try db.run(
            """
            INSERT INTO threads (sequence, topic, marking, state, country, organisation_kind, language, primary_language,
                created_at, open_posts, open_last_sequence, restricted_posts, title)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, 0, ?)
            """,
            [
                .integer(place.sequence), .integer(topicID), .integer(post.marking.rawValue),
                .integer(facts.state.rawValue), .optional(facts.country), .integer(facts.organisationKind.rawValue),
                .text(facts.language), .text(LanguageTag.primary(of: facts.language)), .integer(post.createdAt),
                .integer(place.sequence), .text(title),
            ])
        return topicID
    }

    private mutating func count(_ topic: Topic, isOpen: Bool, isThread: Bool, at place: PostPlace) {
        guard var row = state.topics?[topic] else { return }
        if isOpen {
            row.openThreads += isThread ? 1 : 0
            row.openPosts += 1
            row.openLastSequence = place.sequence
        }
        state.topics?[topic] = row
        touchedTopics.insert(topic)
    }

    private func writeCounters() throws {
        for topic in touchedTopics {
            guard let row = state.topics?[topic] else { continue }
            try db.run(
                """
                UPDATE topics SET open_threads = ?, open_posts = ?, open_last_sequence = ?
                WHERE id = ?
                """,
                [
                    .integer(row.openThreads), .integer(row.openPosts),
                    .integer(row.openLastSequence), .integer(row.id),
                ])
        }
        for (sequence, growth) in threadGrowth {
            try db.run(
                """
                UPDATE threads SET open_posts = open_posts + ?, restricted_posts = restricted_posts + ?,
                    open_last_sequence = max(open_last_sequence, ?)
                WHERE sequence = ?
                """,
                [
                    .integer(growth.openPosts), .integer(growth.restrictedPosts), .integer(growth.openLastSequence),
                    .integer(sequence),
                ])
        }
    }

    /// Keeps the first post of each hour, by which a time is found in the log.
    private mutating func noteHour(of sequence: SequenceNumber) throws {
        let hour = LogHour.containing(receivedAt)
        guard state.hour != hour else { return }
        try db.run(
            "INSERT INTO log_hours (hour, first_sequence) VALUES (?, ?) ON CONFLICT (hour) DO NOTHING",
            [.integer(hour), .integer(sequence)])
        state.hour = hour
    }

    /// What is in the log under the request's id; nil when nothing is.
    private func earlier(_ request: AppendRequest) throws -> AppendOutcome? {
        try db.first(
            "SELECT sequence, received_at, content_hash FROM posts WHERE id = ?",
            [.id(request.post.id)]
        ) { columns in
            guard columns.blob(2) == request.contentHash else { return .conflict }
            return .duplicate(
                PostPlace(
                    sequence: columns.integer(0), receivedAt: columns.integer(1)))
        }
    }

    private mutating func thread(_ id: PostID) throws -> LogState.ThreadRow? {
        if let row = state.threads[id] { return row }
        guard let row = try LogState.ThreadRow.load(id, from: db) else { return nil }
        state.threads[id] = row
        return row
    }

    private func logged(
        _ request: AppendRequest, at place: PostPlace, threadVisibility: Visibility?, facts: ThreadFacts
    ) -> LoggedPost {
        LoggedPost(
            stored: StoredPost(
                sequence: place.sequence, receivedAt: place.receivedAt,
                post: request.signed),
            id: request.post.id, thread: request.post.thread, kind: request.post.body.kind,
            visibility: request.post.visibility, threadVisibility: threadVisibility, facts: facts)
    }
}

extension LogState.ThreadRow {
    /// Nil when `id` is no lesson in the log.
    static func load(_ id: PostID, from db: Database) throws -> LogState.ThreadRow? {
        let row = try db.first(
            """
            SELECT p.sequence, p.topic, k.path, p.marking, p.organisation, p.author, t.country, t.language,
                t.organisation_kind, t.state
            FROM posts p JOIN threads t ON t.sequence = p.sequence JOIN topics k ON k.id = p.topic
            WHERE p.id = ? AND \(Retention.isKept("p.sequence"))
            """,
            [.id(id)]
        ) { columns in
            LogState.ThreadRow(
                sequence: columns.integer(0), topicID: columns.integer(1),
                visibility: Visibility(
                    marking: try columns.value(3), audience: .everybody, author: try columns.memberID(5),
                    organisation: try columns.slug(4)),
                facts: ThreadFacts(
                    topic: try columns.topic(2), country: columns.optionalText(6), language: columns.text(7),
                    organisationKind: try columns.value(8), state: try columns.value(9)))
        }
        guard let row, !row.visibility.marking.isForAllMembers else { return row }
        return LogState.ThreadRow(
            sequence: row.sequence, topicID: row.topicID,
            visibility: try PostVisibilitySQL.withAudience(row.visibility, of: row.sequence, in: db), facts: row.facts)
    }
}

/// The hours by which a time is found in the log.
enum LogHour {
    /// Rounded down, before 1970 too.
    static func containing(_ time: Milliseconds) -> Int64 {
        let hour = time / 3_600_000
        return time % 3_600_000 < 0 ? hour - 1 : hour
    }
}
