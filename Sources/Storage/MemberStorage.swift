import GRDB
package import LessonModel

/// Members and their roles. Each change is one transaction with its audit entry. One who was removed is as if they were
/// not there, but for their id, which is never given again, and for what they posted.
extension RelayStore {
    /// Adds a member without an invitation.
    /// - Throws: `.alreadyExists` for an id that is or was in use, `.notFound` for an unknown organisation.
    package func addMember(_ member: Member, audit: AuditEntry) throws(StorageError) {
        try write { db in
            try MembershipSQL.insert(member, at: audit.at, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    /// Adds many members with certificates that were issued for them, in one transaction.
    /// - Throws: as `addMember` and `recordCertificate`; then nothing was added.
    package func addMembers(
        _ members: [(member: Member, certificates: [IssuedCertificate])], audit: AuditEntry
    ) throws(StorageError) {
        try write { db in
            for (member, certificates) in members {
                try MembershipSQL.insert(member, at: audit.at, in: db)
                for certificate in certificates {
                    try CertificateSQL.insert(certificate, of: member.id, at: audit.at, in: db)
                }
            }
            try AuditChain.append(audit, to: db)
        }
    }

    package func member(_ id: MemberID) throws(StorageError) -> Member? {
        try read { db in try MembershipSQL.member(id, in: db) }
    }

    /// The names of those of `ids` who are or were members.
    package func memberNames(_ ids: Set<MemberID>) throws(StorageError) -> [MemberID: String] {
        try read { db in
            var names: [MemberID: String] = [:]
            for id in ids {
                names[id] = try db.first("SELECT name FROM members WHERE id = ?", [.id(id)]) { $0.text(0) }
            }
            return names
        }
    }

    /// Members in the order of their ids.
    package func members(_ query: MemberQuery) throws(StorageError) -> [Member] {
        try read { db in
            try db.all(
                """
                SELECT \(MembershipSQL.memberColumns) FROM members m
                WHERE \(query.condition) ORDER BY m.id LIMIT ?4
                """, query.parameters, MembershipSQL.member)
        }
    }

    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func setSuspended(_ isSuspended: Bool, member: MemberID, audit: AuditEntry) throws(StorageError) {
        try changeMembership(
            "UPDATE members SET is_suspended = ? WHERE id = ? AND removed_at IS NULL",
            [.flag(isSuspended), .id(member)], what: "member \(member)", audit: audit)
    }

    /// Replaces the roles of `member`.
    /// - Parameter curatedTopics: kept where the role curator is among `roles`; none stands for every topic.
    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func setRoles(
        _ roles: Set<Role>, curating curatedTopics: Set<Topic> = [], of member: MemberID, audit: AuditEntry
    ) throws(StorageError) {
        let topics = roles.contains(.curator) ? curatedTopics : []
        try changeMembership(
            "UPDATE members SET roles = ?, curated_topics = ? WHERE id = ? AND removed_at IS NULL",
            [.integer(MembershipSQL.bits(roles)), .text(MembershipSQL.text(of: topics)), .id(member)],
            what: "member \(member)", audit: audit)
    }
}

/// Which members to read, in the order of their ids. What is nil or empty selects everything.
package struct MemberQuery: Hashable, Sendable {
    package var organisation: OrganisationSlug?
    /// Those after this id.
    package var after: MemberID?
    /// A part of the name, at most `SearchText.maxBytes`.
    package var search: String
    package var limit: Int

    package init(
        organisation: OrganisationSlug? = nil, after: MemberID? = nil, search: String = "", limit: Int = .max
    ) {
        self.organisation = organisation
        self.after = after
        self.search = search
        self.limit = limit
    }

    /// Of the rows of `members`, called `m`. Parameters 1 to 3, and the limit is 4. What is not asked for is no condition,
    /// so that the indexes serve the rest.
    var condition: String {
        """
        m.removed_at IS NULL AND \(organisation == nil ? "?1 IS NULL" : "m.organisation = ?1") AND m.id > ?2
            AND \(search.isEmpty ? "?3 = ''" : "instr(m.folded_name, ?3) > 0")
        """
    }

    var parameters: [SQLValue] {
        [
            .optional(organisation?.text), .blob(after?.bytes ?? []), .text(SearchText.folded(search)),
            .integer(max(1, limit)),
        ]
    }
}

extension MembershipSQL {
    static let memberColumns = "m.id, m.organisation, m.name, m.kind, m.roles, m.is_suspended, m.curated_topics"

    static func member(_ columns: Columns) throws -> Member {
        Member(
            id: try columns.memberID(0), organisation: try columns.slug(1), name: columns.text(2),
            kind: try columns.value(3), roles: roles(columns.int(4)), isSuspended: columns.flag(5),
            curatedTopics: topics(columns.text(6)))
    }

    static func member(_ id: MemberID, in db: Database) throws -> Member? {
        try db.first(
            "SELECT \(memberColumns) FROM members m WHERE m.id = ? AND m.removed_at IS NULL", [.id(id)], member)
    }

    static func insert(_ member: Member, at time: Milliseconds, in db: Database) throws {
        guard try exists(member.organisation, in: db) else {
            throw StorageError.notFound("organisation \(member.organisation)")
        }
        let changed = try db.run(
            """
            INSERT INTO members (id, organisation, name, folded_name, kind, roles, curated_topics, is_suspended,
                created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """,
            [
                .id(member.id), .text(member.organisation.text), .text(member.name),
                .text(SearchText.folded(member.name)), .integer(member.kind.rawValue),
                .integer(bits(member.roles)), .text(text(of: member.curatedTopics)), .flag(member.isSuspended),
                .integer(time),
            ])
        guard changed == 1 else { throw StorageError.alreadyExists("the member \(member.id)") }
    }

    /// Bit n stands for the role with the raw value n.
    static func bits(_ roles: Set<Role>) -> Int { roles.reduce(0) { $0 | 1 << $1.rawValue } }

    static func roles(_ bits: Int) -> Set<Role> { Set(Role.allCases.filter { bits & 1 << $0.rawValue != 0 }) }

    /// Paths have no spaces in them.
    static func text(of topics: Set<Topic>) -> String { topics.sorted().map(\.path).joined(separator: " ") }

    static func topics(_ text: String) -> Set<Topic> {
        text.isEmpty ? [] : Set(text.split(separator: " ").compactMap { Topic($0) })
    }
}
