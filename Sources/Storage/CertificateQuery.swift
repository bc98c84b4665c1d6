import GRDB
package import LessonModel
import PKI

/// What has become of a certificate. The raw values are the wire's.
package enum CertificateState: Int, Hashable, Sendable {
    /// Neither revoked, on hold, nor ended.
    case valid = 1
    /// Ended, and not revoked before.
    case expired = 2
    case revoked = 3
    case onHold = 4
}

/// Which certificates to read, those that end first on top. What is nil or empty selects everything.
package struct CertificateQuery: Hashable, Sendable {
    /// A place in that order.
    package struct Place: Hashable, Sendable {
        package var notAfterSeconds: Int64
        package var fingerprint: [UInt8]

        package init(notAfterSeconds: Int64, fingerprint: [UInt8]) {
            self.notAfterSeconds = notAfterSeconds
            self.fingerprint = fingerprint
        }
    }

    package var organisation: OrganisationSlug?
    package var member: MemberID?
    /// A part of the member's name, or the beginning of the fingerprint or serial number in hexadecimal digits; at most
    /// `SearchText.maxBytes`.
    package var search: String
    package var state: CertificateState?
    /// Seconds since 1970; the first that is wanted.
    package var endsFrom: Int64?
    /// Seconds since 1970; the first that is not wanted.
    package var endsBefore: Int64?
    package var after: Place?
    package var limit: Int

    package init(
        organisation: OrganisationSlug? = nil, member: MemberID? = nil, search: String = "",
        state: CertificateState? = nil, endsFrom: Int64? = nil, endsBefore: Int64? = nil, after: Place? = nil,
        limit: Int
    ) {
        self.organisation = organisation
        self.member = member
        self.search = search
        self.state = state
        self.endsFrom = endsFrom
        self.endsBefore = endsBefore
        self.after = after
        self.limit = limit
    }
}

/// A certificate with its member, for a list. The member may have been removed.
package struct CertificateRow: Hashable, Sendable {
    package var certificate: StoredCertificate
    package var memberName: String
    package var organisation: OrganisationSlug
}

extension RelayStore {
    /// - Parameter now: decides which certificates have ended.
    package func certificates(
        _ query: CertificateQuery, now: Milliseconds
    ) throws(StorageError) -> [CertificateRow] {
        try read { db in
            let fingerprints = try CertificateSearch(query, seconds: now / 1_000).fingerprints(in: db)
            return try fingerprints.compactMap { fingerprint in
                guard let certificate = try CertificateSQL.certificate(fingerprint, in: db) else { return nil }
                return try db.first(
                    "SELECT name, organisation FROM members WHERE id = ?", [.id(certificate.member)]
                ) { columns in
                    CertificateRow(
                        certificate: certificate, memberName: columns.text(0), organisation: try columns.slug(1))
                }
            }
        }
    }
}

/// Finds certificates by indexes that hold everything but the certificates themselves.
///
/// A search that few match gathers those and sorts them. One that many match walks the order of the ends and stops when
/// the page is full, which is soon, because many match.
private struct CertificateSearch {
    /// More members than this, or a shorter prefix than `minPrefixDigits`, are many.
    private static let fewMembers = 500
    private static let minPrefixDigits = 3

    private let query: CertificateQuery
    private let seconds: Int64
    private let name: String
    /// What fingerprints and serial numbers begin with; nil when the text searched for is no such beginning.
    private let prefix: (lower: [UInt8], upper: [UInt8], digits: Int)?

    init(_ query: CertificateQuery, seconds: Int64) {
        self.query = query
        self.seconds = seconds
        name = SearchText.folded(query.search)
        prefix = CertificateSearch.range(ofPrefix: query.search)
    }

    func fingerprints(in db: Database) throws -> [[UInt8]] {
        let (source, condition): (String, String)
        if query.member != nil {
            (source, condition) = ("certificates c", "c.member = ?1 AND \(matches)")
        } else if query.search.isEmpty {
            (source, condition) = (walk, walked)
        } else if try isRare(in: db) {
            (source, condition) = ("certificates c", "c.fingerprint IN (\(candidates)) AND \(scope)")
        } else {
            (source, condition) = (walk, "\(walked) AND \(matches)")
        }
        return try db.all(
            """
            SELECT c.fingerprint FROM \(source)
            WHERE \(condition) AND (c.not_after, c.fingerprint) > (?3, ?4) AND c.not_after < ?5
                AND \(state) AND ?10 IS NOT NULL
            ORDER BY c.not_after, c.fingerprint LIMIT ?6
            """, values
        ) { $0.blob(0) }
    }

    private func isRare(in db: Database) throws -> Bool {
        if let prefix, prefix.digits < CertificateSearch.minPrefixDigits { return false }
        let count = try db.first(
            "SELECT count(*) FROM (SELECT 1 FROM members WHERE instr(folded_name, ?) > 0 LIMIT ?)",
            [.text(name), .integer(CertificateSearch.fewMembers + 1)]
        ) { $0.int(0) }
        return (count ?? 0) <= CertificateSearch.fewMembers
    }

    // MARK: SQL. Parameters: 1 member, 2 organisation, 3 and 4 the place before, 5 the end, 6 the limit, 7 the name,
    // 8 and 9 the prefix's bounds, 10 now.

    private var walk: String {
        query.organisation == nil
            ? "certificates c INDEXED BY certificates_by_end" : "certificates c INDEXED BY certificates_of_organisation"
    }

    private var walked: String { query.organisation == nil ? "?2 IS NULL" : "c.organisation = ?2" }

    private var scope: String { "(?2 IS NULL OR c.organisation = ?2)" }

    private var candidates: String {
        var parts = ["SELECT fingerprint FROM certificates WHERE member IN (\(named))"]
        if prefix != nil {
            parts += [
                "SELECT fingerprint FROM certificates WHERE fingerprint >= ?8 AND fingerprint < ?9",
                "SELECT fingerprint FROM certificates WHERE serial >= ?8 AND serial < ?9",
            ]
        }
        return parts.joined(separator: " UNION ")
    }

    private var matches: String {
        guard !query.search.isEmpty else { return scope }
        guard prefix != nil else { return "\(scope) AND c.member IN (\(named))" }
        return """
            \(scope) AND (c.member IN (\(named)) OR c.fingerprint >= ?8 AND c.fingerprint < ?9
                OR c.serial >= ?8 AND c.serial < ?9)
            """
    }

    private var named: String { "SELECT id FROM members WHERE instr(folded_name, ?7) > 0" }

    private var state: String {
        let hold = RevocationReason.certificateHold.rawValue
        return switch query.state {
        case nil: "TRUE"
        case .valid: "c.revoked_at IS NULL AND c.not_after > ?10"
        case .expired: "c.revoked_at IS NULL AND c.not_after <= ?10"
        case .revoked: "c.revocation_reason <> \(hold)"
        case .onHold: "c.revocation_reason = \(hold)"
        }
    }

    private var values: [SQLValue] {
        var start = query.after ?? CertificateQuery.Place(notAfterSeconds: .min, fingerprint: [])
        // Nothing that is valid ended before now.
        let first = max(query.endsFrom ?? .min, query.state == .valid ? seconds : .min)
        if start.notAfterSeconds < first {
            start = CertificateQuery.Place(notAfterSeconds: first, fingerprint: [])
        }
        return [
            .optional(query.member?.bytes), .optional(query.organisation?.text), .integer(start.notAfterSeconds),
            .blob(start.fingerprint), .integer(query.endsBefore ?? .max), .integer(max(1, query.limit)), .text(name),
            .optional(prefix?.lower), .optional(prefix?.upper), .integer(seconds),
        ]
    }

    /// The bounds between which bytes begin with the hexadecimal digits `text`, colons and case aside.
    private static func range(ofPrefix text: String) -> (lower: [UInt8], upper: [UInt8], digits: Int)? {
        let digits = text.lowercased().filter { $0 != ":" }
        guard (1...64).contains(digits.utf8.count), let lower = Hex.bytes(of: padded(digits, with: "0")),
            let last = Hex.bytes(of: padded(digits, with: "f"))
        else { return nil }
        // The first bytes that are greater than everything with this beginning.
        var upper = last
        while let byte = upper.popLast() {
            if byte < 0xFF { return (lower, upper + [byte + 1], digits.utf8.count) }
        }
        return (lower, [UInt8](repeating: 0xFF, count: 65), digits.utf8.count)
    }

    private static func padded(_ digits: String, with digit: String) -> String {
        digits.utf8.count.isMultiple(of: 2) ? digits : digits + digit
    }
}
