import FoundationEssentials
import GRDB
package import LessonModel

/// Durable subscriptions: named by their owner, kept across restarts, each with the cursor of what was acknowledged.
extension RelayStore {
    package func subscription(member: MemberID, durable: String) throws(StorageError) -> StoredSubscription? {
        try read { db in try SubscriptionSQL.subscription(member, durable, in: db) }
    }

    /// In the order of their names.
    package func subscriptions(member: MemberID) throws(StorageError) -> [StoredSubscription] {
        try read { db in
            try db.all(
                "SELECT \(SubscriptionSQL.columns) FROM subscriptions WHERE member = ? ORDER BY durable", [.id(member)],
                SubscriptionSQL.subscription)
        }
    }

    /// Makes a durable subscription, or gives an existing one other filters.
    /// - Parameters:
    ///   - durable: 1 to `StoredSubscription.maxDurableBytes` bytes.
    ///   - start: a place before the log or beyond its head is brought inside.
    /// - Throws: `.limit` for a bad name, or for more than `StoredSubscription.maxPerMember` of one member; `.notFound`
    ///   for an unknown member.
    @discardableResult
    package func saveSubscription(
        member: MemberID, durable: String, filters: [SubscriptionFilter], start: CursorStart, at: Milliseconds
    ) throws(StorageError) -> StoredSubscription {
        try write { db in
            guard (1...StoredSubscription.maxDurableBytes).contains(durable.utf8.count) else {
                throw StorageError.limit(
                    "a durable subscription's name has 1 to \(StoredSubscription.maxDurableBytes) bytes")
            }
            let head = try db.first("SELECT coalesce(max(sequence), 0) FROM posts") { $0.integer(0) } ?? 0
            let known = try SubscriptionSQL.subscription(member, durable, in: db)
            if known == nil { try SubscriptionSQL.requireRoom(for: member, in: db) }
            let cursor =
                switch start {
                case .after(let place): place
                case .keep(let place): known?.cursor ?? place
                }
            let saved = StoredSubscription(
                member: member, durable: durable, filters: filters, cursor: min(max(0, cursor), head),
                createdAt: known?.createdAt ?? at, updatedAt: at)
            try db.run(
                """
                INSERT INTO subscriptions (member, durable, filters, cursor, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (member, durable)
                DO UPDATE SET filters = excluded.filters, cursor = excluded.cursor, updated_at = excluded.updated_at
                """,
                [
                    .id(member), .text(durable), .text(try StoredFilter.json(of: filters)), .integer(saved.cursor),
                    .integer(saved.createdAt), .integer(saved.updatedAt),
                ])
            return saved
        }
    }

    /// - Returns: false when there was none.
    @discardableResult
    package func removeSubscription(member: MemberID, durable: String) throws(StorageError) -> Bool {
        try write { db in
            try db.run(
                "DELETE FROM subscriptions WHERE member = ? AND durable = ?", [.id(member), .text(durable)]) == 1
        }
    }
}

enum SubscriptionSQL {
    /// Puts what `change` makes of its filters into every durable subscription.
    static func changeFilters(in db: Database, _ change: (SubscriptionFilter) -> SubscriptionFilter) throws {
        for stored in try db.all("SELECT \(columns) FROM subscriptions", [], subscription) {
            let changed = stored.filters.map(change)
            guard changed != stored.filters else { continue }
            try db.run(
                "UPDATE subscriptions SET filters = ? WHERE member = ? AND durable = ?",
                [.text(try StoredFilter.json(of: changed)), .id(stored.member), .text(stored.durable)])
        }
    }

    fileprivate static let columns = "member, durable, filters, cursor, created_at, updated_at"

    fileprivate static func subscription(_ columns: Columns) throws -> StoredSubscription {
        StoredSubscription(
            member: try columns.memberID(0), durable: columns.text(1),
            filters: try StoredFilter.filters(json: columns.text(2)), cursor: columns.integer(3),
            createdAt: columns.integer(4), updatedAt: columns.integer(5))
    }

    fileprivate static func subscription(_ member: MemberID, _ durable: String, in db: Database) throws
        -> StoredSubscription?
    {
        try db.first(
            "SELECT \(columns) FROM subscriptions WHERE member = ? AND durable = ?", [.id(member), .text(durable)],
            subscription)
    }

    fileprivate static func requireRoom(for member: MemberID, in db: Database) throws {
        guard try MembershipSQL.member(member, in: db) != nil else { throw StorageError.notFound("member \(member)") }
        let count =
            try db.first("SELECT count(*) FROM subscriptions WHERE member = ?", [.id(member)]) { $0.int(0) } ?? 0
        guard count < StoredSubscription.maxPerMember else {
            throw StorageError.limit(
                "a member has at most \(StoredSubscription.maxPerMember) durable subscriptions; remove one first")
        }
    }
}

/// One filter of a subscription in its JSON text, by the names and numbers that the wire and the database share.
private struct StoredFilter: Codable {
    var topics: [String]
    var countries: [String]
    var languages: [String]
    var organisationKinds: [Int]
    var states: [Int]
    /// Absent in what was stored before threads could be followed.
    var threads: [String]?

    init(_ filter: SubscriptionFilter) {
        topics = filter.topics.map(\.description)
        countries = filter.countries.sorted()
        languages = filter.languages.sorted()
        organisationKinds = filter.organisationKinds.map(\.rawValue).sorted()
        states = filter.states.map(\.rawValue).sorted()
        threads = filter.threads.isEmpty ? nil : filter.threads.sorted().map(\.description)
    }

    static func filters(json: String) throws -> [SubscriptionFilter] {
        let stored: [StoredFilter]
        do {
            stored = try JSONDecoder().decode([StoredFilter].self, from: Data(json.utf8))
        } catch {
            throw StorageError.damaged("a subscription's filters cannot be read")
        }
        return try stored.map { try $0.filter() }
    }

    static func json(of filters: [SubscriptionFilter]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(filters.map(StoredFilter.init)), as: UTF8.self)
    }

    func filter() throws -> SubscriptionFilter {
        do {
            if let threads { return SubscriptionFilter(threads: Set(threads.compactMap { PostID(text: $0) })) }
            return SubscriptionFilter(
                topics: try topics.map { try TopicFilter($0) }, countries: Set(countries), languages: Set(languages),
                organisationKinds: Set(try organisationKinds.map { try Self.value($0) }),
                states: Set(try states.map { try Self.value($0) }))
        } catch let error as TopicFilterError {
            throw StorageError.damaged("a subscription's filter: \(error)")
        }
    }

    private static func value<Value: RawRepresentable<Int>>(_ number: Int) throws -> Value {
        guard let value = Value(rawValue: number) else {
            throw StorageError.damaged("\(number) in a subscription's filter")
        }
        return value
    }
}
