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
            var records: [AuditRecord] = []
            var more = false
            var bytes = 0
            // An organisation's entries are found by their own index, so that nobody walks the whole log for a few.
            let source =
                query.organisation == nil
                ? "audit a"
                : "audit_organisations o CROSS JOIN audit a ON a.sequence = o.sequence AND o.organisation = ?5"
            let order = query.organisation == nil ? "a.sequence" : "o.sequence"
            var values: [SQLValue] = [
                .integer(query.before ?? .max), .optional(query.since), .optional(query.actionPattern),
                .optional(query.actor),
            ]
            if let slug = query.organisation { values.append(.text(slug.text)) }
            try db.each(
                """
                SELECT \(AuditChain.columns(of: "a")) FROM \(source)
                WHERE \(order) < ?1 AND (?2 IS NULL OR a.at >= ?2) AND (?3 IS NULL OR a.action GLOB ?3)
                    AND \(query.actor == nil ? "?4 IS NULL" : "a.actor = ?4")
                ORDER BY \(order) DESC
                """, values
            ) { columns in
                let record = AuditChain.record(columns)
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
