import GRDB
import LessonModel

/// A full-text index over posts by their sequence numbers, in SQLite's FTS5.
///
/// It holds words and where they stand, not the texts: those are in the log, once. `<name>` finds words (English ones by
/// their stem); `<name>_parts` finds parts of words in titles, tags and recommendations, for where words do not help:
/// compounds, and languages that bend their words.
struct SearchIndex: Sendable {
    /// A name from this module, never from outside.
    let name: String

    var parts: String { name + "_parts" }

    /// The weight of each column: what a title says counts more than what stands somewhere.
    static let weights: [Double] = [8, 4, 1, 3]

    var schema: String {
        """
        CREATE VIRTUAL TABLE \(name) USING fts5(
            title, recommendation, body, tags, content = '', tokenize = 'porter ascii');
        CREATE VIRTUAL TABLE \(parts) USING fts5(text, content = '', tokenize = 'trigram');
        """
    }

    func insert(_ text: Post.SearchText, at sequence: SequenceNumber, in db: Database) throws {
        try db.run(
            "INSERT INTO \(name) (rowid, title, recommendation, body, tags) VALUES (?, ?, ?, ?, ?)",
            [.integer(sequence)] + text.fields.map(SQLValue.text))
        try db.run("INSERT INTO \(parts) (rowid, text) VALUES (?, ?)", [.integer(sequence), .text(text.parts)])
    }

    /// Takes one post out. `text` must be what was inserted: the index does not hold it.
    func remove(_ text: Post.SearchText, at sequence: SequenceNumber, in db: Database) throws {
        try db.run(
            "INSERT INTO \(name) (\(name), rowid, title, recommendation, body, tags) VALUES ('delete', ?, ?, ?, ?, ?)",
            [.integer(sequence)] + text.fields.map(SQLValue.text))
        try db.run(
            "INSERT INTO \(parts) (\(parts), rowid, text) VALUES ('delete', ?, ?)",
            [.integer(sequence), .text(text.parts)])
    }

    /// How many posts have `term`, counted up to `limit`.
    func frequency(of term: SearchQuery.Term, upTo limit: Int = .max, in db: Database) throws -> Int {
        try db.first(
            "SELECT count(*) FROM (SELECT 1 FROM \(name) WHERE \(name) MATCH ? LIMIT ?)",
            [.text(term.match), .integer(limit)]
        ) { $0.int(0) } ?? 0
    }

    /// Rewrites the index without what was taken out, which until then stands in it marked as gone.
    func purge(in db: Database) throws {
        for table in [name, parts] { try db.run("INSERT INTO \(table) (\(table)) VALUES ('optimize')") }
    }

    /// Takes everything out, from the file's bytes too where the connection erases what it deletes.
    func removeAll(in db: Database) throws {
        try db.run("INSERT INTO \(name) (\(name)) VALUES ('delete-all')")
        try db.run("INSERT INTO \(parts) (\(parts)) VALUES ('delete-all')")
    }

    /// FTS5's rank of the row that a statement stands on: smaller is better.
    var rank: String { "bm25(\(name), \(Self.weights.map { "\($0)" }.joined(separator: ", ")))" }
}

/// The relay's indexes. What every member may see is apart from the rest, so that a rank, which depends on how often a
/// word occurs in all that is indexed, tells nothing of posts that are for others.
enum RelaySearch {
    static let open = SearchIndex(name: "search_open")
    static let restricted = SearchIndex(name: "search_restricted")

    /// `posts` and `words` are those of the open index.
    static let schema =
        open.schema + "\n" + restricted.schema + """

            CREATE TABLE search_state (
                row INTEGER PRIMARY KEY CHECK (row = 1),
                through INTEGER NOT NULL,
                posts INTEGER NOT NULL,
                words INTEGER NOT NULL
            ) STRICT;
            INSERT INTO search_state (row, through, posts, words) VALUES (1, 0, 0, 0);
            """

    /// Takes a post out of its index, within the transaction that erases it; what is left of its words is purged later.
    /// - Parameter text: what was indexed; nil when the content cannot be read and is therefore not in the index.
    static func erase(_ text: Post.SearchText?, isOpen: Bool, at sequence: SequenceNumber, in db: Database) throws {
        let through = try db.first("SELECT through FROM search_state") { $0.integer(0) } ?? 0
        guard let text, sequence <= through else { return }
        try (isOpen ? open : restricted).remove(text, at: sequence, in: db)
        try db.run(
            "UPDATE search_state SET has_erased = 1, posts = posts - ?, words = words - ?",
            isOpen ? [.integer(1), .integer(text.wordCount)] : [.integer(0), .integer(0)])
    }
}

extension SearchQuery {
    /// The query in FTS5's language. Every word is folded, so that nothing in it is anything else than a word.
    var match: String { excluding(from: wanted) }

    /// The same, of posts that have the words in their titles.
    var titleMatch: String { excluding(from: "{title} : (\(wanted))") }

    private var wanted: String { terms.map(\.match).joined(separator: isAny ? " OR " : " AND ") }

    private func excluding(from text: String) -> String {
        excluded.reduce(text) { "(\($0)) NOT \($1.match)" }
    }

    /// The query for the index of parts of words; nil when a term is too short for it.
    var partsMatch: String? {
        guard terms.allSatisfy({ $0.words.joined(separator: " ").unicodeScalars.count >= 3 }) else { return nil }
        return terms.map { "\"\($0.words.joined(separator: " "))\"" }.joined(separator: isAny ? " OR " : " AND ")
    }
}

extension SearchQuery {
    /// A way to search, in FTS5's language.
    struct Attempt {
        var kind: SearchMatch
        var query: SearchQuery
        var match: String
        /// Nil where titles are not told from other texts.
        var titleMatch: String? { kind == .parts ? nil : query.titleMatch }

        /// Where one word of many is enough, the most common ones cost most and tell least: without them, unless few are
        /// left. Words that no post of `index` has are kept.
        /// - Parameter maxPosts: about so many posts have the words that are kept.
        func withoutCommonWords(maxPosts: Int, of index: SearchIndex, in db: Database) throws -> Attempt {
            guard kind != .parts, query.isAny, query.terms.count > Self.minWords else { return self }
            let frequencies = try query.terms.map { try index.frequency(of: $0, upTo: maxPosts + 1, in: db) }
            var posts = 0
            var kept: Set<Int> = []
            var known = 0
            for index in frequencies.indices.sorted(by: { (frequencies[$0], $0) < (frequencies[$1], $1) }) {
                posts += frequencies[index]
                guard known < Self.minWords || posts <= maxPosts else { break }
                kept.insert(index)
                known += frequencies[index] > 0 ? 1 : 0
            }
            let rare = query.keeping(kept)
            return Attempt(kind: kind, query: rare, match: rare.match)
        }

        private static let minWords = 3
    }

    /// From the strictest to the loosest.
    var attempts: [Attempt] {
        var attempts = [Attempt(kind: .all, query: self, match: match)]
        if let loosened { attempts.append(Attempt(kind: .some, query: loosened, match: loosened.match)) }
        if let partsMatch { attempts.append(Attempt(kind: .parts, query: self, match: partsMatch)) }
        return attempts
    }
}

extension SearchQuery.Term {
    var match: String {
        let phrase = "\"\(words.joined(separator: " "))\""
        // The index holds stems, and the beginning of a word may be longer than its stem.
        return isPrefix ? "(\(phrase) OR \(phrase)*)" : phrase
    }
}

extension Post.SearchText {
    var wordCount: Int { fields.reduce(0) { $0 + SearchFolding.wordCount(ofFolded: $1) } }
}
