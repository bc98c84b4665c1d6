import FaultyStorage
import Foundation
import LessonModel
import TestSupport

@testable import Storage

/// Opens a store, posts, acknowledges, indexes, expires and writes the log back, on a disk that fails at one call.
///
/// What the store said yes to is kept in `acknowledged`: the ledger against which the log is judged afterwards.
final class FaultScript {
    /// The database that each run begins with, and what is done to it.
    struct Material {
        let template: [UInt8]
        let batches: [[AppendRequest]]
        let posts: [[UInt8]: Post]
        let member: MemberID
        let time: Milliseconds

        init() throws {
            let fixture = try Fixture()
            let author = try fixture.member()
            try fixture.store.changeTopic(
                Fixture.topics[1], description: nil, isArchived: nil, isModerated: nil, keepDays: 1,
                audit: fixture.audit())
            let old = fixture.lesson(by: author, topic: Fixture.topics[1], title: "Old")
            try fixture.append(old, fixture.comment(by: author, on: old))
            try fixture.store.saveSubscription(
                member: author.member, durable: "all", filters: [], start: .after(0), at: fixture.tick())
            let first = fixture.lesson(by: author, title: "Radios in the hills")
            let answer = fixture.comment(by: author, on: first)
            let second = fixture.lesson(by: author, topic: Fixture.topics[3], title: "Press at the scene")
            let secret = fixture.comment(
                by: author, on: second, marking: .red, audience: Audience(members: [author.member]))
            let report = fixture.post(
                .applicationReport(ApplicationReport(status: .adopted, outcome: "Done.", evidence: "Seen.")),
                by: author, on: first)
            let last = fixture.comment(by: author, on: second)
            var random = fixture.random
            func requests(_ posts: Post...) -> [AppendRequest] {
                posts.map { fixture.request($0, contentBytes: .random(in: 64...9_000, using: &random)) }
            }
            let opening = requests(first, answer)
            let erasure = fixture.post(
                .redaction(Redaction(target: answer.id, targetHash: opening[1].contentHash, reason: "a name")),
                by: author, on: first)
            batches = [opening, requests(second, secret, report), requests(erasure), requests(last)]
            self.posts = Dictionary(
                uniqueKeysWithValues: batches.joined().map { ($0.signed.content, $0.post) })
            member = author.member
            time = fixture.tick() + 2 * TopicRetention.day
            try fixture.store.close()
            template = try fileBytes(fixture.directory.file(RelayStore.fileName))
        }
    }

    private let material: Material
    private let directory: TemporaryDirectory
    let storage: FaultyStorage
    private var store: RelayStore?
    private(set) var acknowledged: [PostID: SequenceNumber] = [:]
    private(set) var failures: [StorageError] = []

    init(_ material: Material) throws {
        self.material = material
        directory = try TemporaryDirectory()
        try Data(material.template).write(to: URL(filePath: directory.file(RelayStore.fileName)))
        storage = FaultyStorage(directory: directory.path)
    }

    func run() {
        step { store = try RelayStore(directory: directory.path) }
        guard store != nil else { return }
        step { try store?.edit("PRAGMA wal_autocheckpoint = 60") }
        for batch in material.batches {
            step { try append(batch) }
            step { try store?.indexForSearch { [posts = material.posts] in posts[$0] } }
        }
        step { try store?.expireThreads(at: material.time) { [posts = material.posts] in posts[$0] } }
        step { try store?.close() }
    }

    /// - Returns: what became of the posts, by name.
    @discardableResult
    private func append(_ batch: [AppendRequest]) throws -> [AppendOutcome] {
        guard let store else { return [] }
        let head = store.head()
        let outcomes = try store.append(
            batch, cursors: [CursorUpdate(member: material.member, durable: "all", through: head)],
            receivedAt: material.time, decode: { [posts = material.posts] in posts[$0] })
        for (request, outcome) in zip(batch, outcomes) {
            if let place = outcome.logged?.stored.sequence ?? outcome.duplicate?.sequence {
                acknowledged[request.post.id] = place
            }
        }
        return outcomes
    }

    private func step(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            failures.append(error as? StorageError ?? .damaged("an error of no type: \(error)"))
        }
    }

    // MARK: Afterwards

    /// The disk is well again, or the machine has power again: posts whatever was not acknowledged, and looks at all.
    /// - Returns: what is wrong, in sentences.
    func judge(restarts: Bool, losesPower: Bool, _ random: inout SeededRandom) throws -> [String] {
        if restarts || losesPower {
            store = nil
            if losesPower { try storage.losePower(using: &random) }
        }
        storage.repair()
        let store: RelayStore
        if let open = self.store, (try? open.read { try $0.run("SELECT 1") }) != nil {
            store = open
        } else {
            self.store = nil
            store = try RelayStore(directory: directory.path)
            self.store = store
        }
        var problems: [String] = []
        let before = acknowledged
        for request in material.batches.joined() {
            let outcome = try append([request])
            let place = outcome.first?.logged?.stored.sequence ?? outcome.first?.duplicate?.sequence
            switch before[request.post.id] {
            case let known? where place != known || outcome.first?.duplicate == nil:
                problems.append("an acknowledged post was at \(known), and is \(outcome) now")
            case nil where place == nil: problems.append("a post that was refused for the disk is refused: \(outcome)")
            default: break
            }
        }
        problems += try problemsOfLog(store)
        try store.close()
        self.store = nil
        return problems
    }

    private func problemsOfLog(_ store: RelayStore) throws -> [String] {
        let posts = material.posts
        _ = try store.indexForSearch { posts[$0] }
        _ = try store.expireThreads(at: material.time) { posts[$0] }
        var problems = try store.integrityProblems()
        problems += try store.threadStateProblems { posts[$0] }.filter { !$0.contains("cannot be read") }
        let rows = try store.read { db in
            try db.all("SELECT id, sequence FROM posts ORDER BY sequence") {
                (try $0.postID(0), $0.integer(1))
            }
        }
        if Set(rows.map(\.0)).count != rows.count { problems.append("a post is in the log twice") }
        for (id, sequence) in acknowledged where !rows.contains(where: { $0 == (id, sequence) }) {
            problems.append("an acknowledged post is not at \(sequence)")
        }
        return problems
    }

    deinit {
        store = nil
        storage.remove()
    }
}
