import GRDB
package import LessonModel

/// Which audit entries to read, newest first. What is nil selects everything.
package struct AuditQuery: Hashable, Sendable {
    /// Entries before this number.
    package var before: Int64?
    /// Of this time or later.
    package var since: Milliseconds?
    /// SQLite's GLOB on the action.
    package var actionPattern: String?
    /// `host` or a member's id.
    package var actor: String?
    /// What concerns this organisation: entries that name it, and those of its members that name none.
    package var organisation: OrganisationSlug?
    /// Entries of a page.
    package var limit: Int
    /// Bytes of their texts; one entry is always read.
    package var maxBytes: Int

    package init(
        before: Int64? = nil, since: Milliseconds? = nil, actionPattern: String? = nil, actor: String? = nil,
        organisation: OrganisationSlug? = nil, limit: Int, maxBytes: Int = .max
    ) {
        self.before = before
        self.since = since
        self.actionPattern = actionPattern
        self.actor = actor
        self.organisation = organisation
        self.limit = limit
        self.maxBytes = maxBytes
    }
}

extension RelayStore {
    /// - Returns: a page, newest first, and whether more may follow it.
    package func audit(_ query: AuditQuery) throws(StorageError) -> (records: [AuditRecord], more: Bool) {
        try read { db in
            var members: Set<String> = []
            if let slug = query.organisation {
                members = Set(
                    try db.all("SELECT id FROM members WHERE organisation = ?", [.text(slug.text)]) {
                        try $0.memberID(0).description
                    })
            }
            var records: [AuditRecord] = []
            var more = false
            var bytes = 0
            try db.each(
                """
                SELECT \(AuditChain.columns),
                    CASE WHEN ?5 AND json_valid(detail) THEN json_extract(detail, '$.organisation') END
                FROM audit
                WHERE (?1 IS NULL OR sequence < ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR action GLOB ?3)
                    AND (?4 IS NULL OR actor = ?4)
                ORDER BY sequence DESC
                """,
                [
                    .optional(query.before), .optional(query.since), .optional(query.actionPattern),
                    .optional(query.actor), .flag(query.organisation != nil),
                ]
            ) { columns in
                let record = AuditChain.record(columns)
                if let slug = query.organisation?.text {
                    let isConcerned = columns.optionalText(7).map { $0 == slug } ?? members.contains(record.actor)
                    guard isConcerned else { return true }
                }
                bytes += record.detail.utf8.count + record.action.utf8.count + 256
                guard records.isEmpty || records.count < query.limit && bytes <= query.maxBytes else {
                    more = true
                    return false
                }
                records.append(record)
                return true
            }
            return (records, more)
        }
    }
}
