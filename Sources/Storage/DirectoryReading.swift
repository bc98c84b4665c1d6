import GRDB
package import LessonModel

/// Which part of the membership to read into memory.
package enum DirectoryScope: Hashable, Sendable {
    case everything
    /// What is said of an organisation, without its members.
    case organisation(OrganisationSlug)
    /// An organisation and all its members.
    case membersOf(OrganisationSlug)
    case member(MemberID)
    case topics
}

/// One thing that a relay keeps in memory of its membership.
package enum DirectoryItem: Hashable, Sendable {
    case organisation(Organisation)
    case member(Member)
    /// Of a member that came before.
    case certificate(DirectoryCertificate)
    /// Archived topics are not told.
    case topic(Topic)
    /// What a topic was called before it moved.
    case formerTopic(Topic, now: Topic)
}

/// What decides whether a certificate opens a session.
package struct DirectoryCertificate: Hashable, Sendable {
    package var member: MemberID
    package var fingerprint: [UInt8]
    package var issuerKeyID: [UInt8]
    package var serial: [UInt8]
    /// Seconds since 1970.
    package var notAfterSeconds: Int64
    package var revocation: StoredCertificate.Revocation?
}

extension RelayStore {
    /// Calls `body` with all that `scope` names, as it was at one instant: organisations first, then members, then
    /// certificates. What was removed is not told, but for its revoked certificates.
    /// - Parameter seconds: certificates that ended before this time and were not revoked are left out.
    package func readDirectory(
        _ scope: DirectoryScope, endingFrom seconds: Int64, _ body: (DirectoryItem) -> Void
    ) throws(StorageError) {
        try read { db in
            switch scope {
            case .everything:
                for organisation in try MembershipSQL.organisations(in: db) { body(.organisation(organisation)) }
                try DirectorySQL.members("?1 IS NULL", .null, in: db, body)
                try DirectorySQL.certificates(
                    "?1 IS NULL", .null, seconds, source: "certificates INDEXED BY certificates_by_end", in: db, body)
                try DirectorySQL.topics(in: db, body)
            case .organisation(let slug):
                if let organisation = try MembershipSQL.organisation(slug, in: db) { body(.organisation(organisation)) }
            case .membersOf(let slug):
                if let organisation = try MembershipSQL.organisation(slug, in: db) { body(.organisation(organisation)) }
                try DirectorySQL.members("m.organisation = ?1", .text(slug.text), in: db, body)
                try DirectorySQL.certificates("organisation = ?1", .text(slug.text), seconds, in: db, body)
            case .member(let id):
                try DirectorySQL.members("m.id = ?1", .id(id), in: db, body)
                try DirectorySQL.certificates("member = ?1", .id(id), seconds, in: db, body)
            case .topics:
                try DirectorySQL.topics(in: db, body)
            }
        }
    }
}

/// The walk over all certificates reads an index that has everything but the certificates themselves.
private enum DirectorySQL {
    static func members(
        _ condition: String, _ value: SQLValue, in db: Database, _ body: (DirectoryItem) -> Void
    ) throws {
        try db.each(
            "SELECT \(MembershipSQL.memberColumns) FROM members m WHERE m.removed_at IS NULL AND \(condition)", [value]
        ) { columns in
            body(.member(try MembershipSQL.member(columns)))
            return true
        }
    }

    static func certificates(
        _ condition: String, _ value: SQLValue, _ seconds: Int64, source: String = "certificates", in db: Database,
        _ body: (DirectoryItem) -> Void
    ) throws {
        try db.each(
            """
            SELECT member, fingerprint, issuer_key_id, serial, not_after, revoked_at, revocation_reason
            FROM \(source) WHERE \(condition) AND (revoked_at IS NOT NULL OR not_after >= ?2)
            """, [value, .integer(seconds)]
        ) { columns in
            body(
                .certificate(
                    DirectoryCertificate(
                        member: try columns.memberID(0), fingerprint: columns.blob(1), issuerKeyID: columns.blob(2),
                        serial: columns.blob(3), notAfterSeconds: columns.integer(4),
                        revocation: columns.optionalInteger(5).map {
                            StoredCertificate.Revocation(at: $0, reason: columns.int(6))
                        })))
            return true
        }
    }

    static func topics(in db: Database, _ body: (DirectoryItem) -> Void) throws {
        try db.each("SELECT path FROM topics WHERE is_archived = 0") { columns in
            body(.topic(try columns.topic(0)))
            return true
        }
        for (former, now) in try TopicMoveSQL.formerNames(in: db).current { body(.formerTopic(former, now: now)) }
    }
}
