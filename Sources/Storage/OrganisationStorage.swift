import GRDB
package import LessonModel

/// Organisations, members and their roles. Each change is one transaction with its audit entry.
extension RelayStore {
    /// - Throws: `.alreadyExists` for a slug in use, `.notFound` for a client that is no organisation.
    package func addOrganisation(_ organisation: Organisation, audit: AuditEntry) throws(StorageError) {
        try write { db in
            let changed = try db.run(
                """
                INSERT INTO organisations (slug, name, country, kind, is_suspended, created_at)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (slug) DO NOTHING
                """,
                [
                    .text(organisation.slug.text), .text(organisation.name), .optional(organisation.country),
                    .integer(organisation.kind.rawValue), .flag(organisation.isSuspended), .integer(audit.at),
                ])
            guard changed == 1 else { throw StorageError.alreadyExists("the organisation \(organisation.slug)") }
            try MembershipSQL.replaceClients(of: organisation.slug, with: organisation.clients, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    /// In the order of their slugs.
    package func organisations() throws(StorageError) -> [Organisation] {
        try read { db in try MembershipSQL.organisations(in: db) }
    }

    package func organisation(_ slug: OrganisationSlug) throws(StorageError) -> Organisation? {
        try read { db in try MembershipSQL.organisation(slug, in: db) }
    }

    /// Replaces the organisations that `organisation` has named as its clients.
    /// - Throws: `.notFound` for an organisation that is unknown.
    package func setClients(
        of organisation: OrganisationSlug, to clients: Set<OrganisationSlug>, audit: AuditEntry
    ) throws(StorageError) {
        try write { db in
            guard try MembershipSQL.exists(organisation, in: db) else {
                throw StorageError.notFound("organisation \(organisation)")
            }
            try MembershipSQL.replaceClients(of: organisation, with: clients, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func setSuspended(
        _ isSuspended: Bool, organisation: OrganisationSlug, audit: AuditEntry
    ) throws(StorageError) {
        try changeMembership(
            "UPDATE organisations SET is_suspended = ? WHERE slug = ?",
            [.flag(isSuspended), .text(organisation.text)], what: "organisation \(organisation)", audit: audit)
    }

    /// Adds a member without an invitation.
    /// - Throws: `.alreadyExists` for an id in use, `.notFound` for an unknown organisation.
    package func addMember(_ member: Member, audit: AuditEntry) throws(StorageError) {
        try write { db in
            try MembershipSQL.insert(member, at: audit.at, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    package func member(_ id: MemberID) throws(StorageError) -> Member? {
        try read { db in try MembershipSQL.member(id, in: db) }
    }

    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func setSuspended(_ isSuspended: Bool, member: MemberID, audit: AuditEntry) throws(StorageError) {
        try changeMembership(
            "UPDATE members SET is_suspended = ? WHERE id = ?", [.flag(isSuspended), .id(member)],
            what: "member \(member)", audit: audit)
    }

    /// Replaces the roles of `member`.
    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func setRoles(_ roles: Set<Role>, of member: MemberID, audit: AuditEntry) throws(StorageError) {
        try changeMembership(
            "UPDATE members SET roles = ? WHERE id = ?", [.integer(MembershipSQL.bits(roles)), .id(member)],
            what: "member \(member)", audit: audit)
    }

    /// All that a relay keeps in memory, as it was at one instant.
    package func directory() throws(StorageError) -> DirectorySnapshot {
        try read { db in
            let organisations = try MembershipSQL.organisations(in: db)
            let members = try db.all("SELECT \(MembershipSQL.memberColumns) FROM members m", [], MembershipSQL.member)
            let topics = try db.all("SELECT path FROM topics WHERE is_archived = 0") { try $0.topic(0) }
            let active = try db.all(
                "SELECT fingerprint, member, not_after FROM certificates WHERE revoked_at IS NULL"
            ) { columns in
                (
                    columns.blob(0),
                    DirectorySnapshot.ActiveCertificate(
                        member: try columns.memberID(1), notAfterSeconds: columns.integer(2))
                )
            }
            let revoked = try db.all(
                """
                SELECT issuer_key_id, serial, revoked_at, revocation_reason FROM certificates
                WHERE revoked_at IS NOT NULL ORDER BY revoked_at, serial
                """
            ) { columns in
                DirectorySnapshot.RevokedCertificate(
                    issuerKeyID: columns.blob(0), serial: columns.blob(1), revokedAt: columns.integer(2),
                    reason: columns.int(3))
            }
            return DirectorySnapshot(
                organisations: Dictionary(organisations.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first }),
                members: Dictionary(members.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
                topics: Set(topics), activeCertificates: Dictionary(active, uniquingKeysWith: { first, _ in first }),
                revokedCertificates: revoked)
        }
    }

    /// Runs one update with its audit entry.
    private func changeMembership(
        _ sql: String, _ values: [SQLValue], what: String, audit: AuditEntry
    ) throws(StorageError) {
        try write { db in
            try MembershipSQL.keepingRelayAdministrator(at: audit.at, in: db) {
                guard try db.run(sql, values) == 1 else { throw StorageError.notFound(what) }
            }
            try AuditChain.append(audit, to: db)
        }
    }
}

/// What several operations of membership ask of the database.
enum MembershipSQL {
    static let memberColumns = "m.id, m.organisation, m.name, m.kind, m.roles, m.is_suspended"

    static func member(_ columns: Columns) throws -> Member {
        Member(
            id: try columns.memberID(0), organisation: try columns.slug(1), name: columns.text(2),
            kind: try columns.value(3), roles: roles(columns.int(4)), isSuspended: columns.flag(5))
    }

    static func member(_ id: MemberID, in db: Database) throws -> Member? {
        try db.first("SELECT \(memberColumns) FROM members m WHERE m.id = ?", [.id(id)], member)
    }

    static func insert(_ member: Member, at time: Milliseconds, in db: Database) throws {
        guard try exists(member.organisation, in: db) else {
            throw StorageError.notFound("organisation \(member.organisation)")
        }
        let changed = try db.run(
            """
            INSERT INTO members (id, organisation, name, kind, roles, is_suspended, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """,
            [
                .id(member.id), .text(member.organisation.text), .text(member.name), .integer(member.kind.rawValue),
                .integer(bits(member.roles)), .flag(member.isSuspended), .integer(time),
            ])
        guard changed == 1 else { throw StorageError.alreadyExists("the member \(member.id)") }
    }

    static func organisations(in db: Database) throws -> [Organisation] {
        var clients: [String: Set<OrganisationSlug>] = [:]
        try db.each("SELECT organisation, client FROM organisation_clients") { columns in
            clients[columns.text(0), default: []].insert(try columns.slug(1))
            return true
        }
        return try db.all("SELECT slug, name, country, kind, is_suspended FROM organisations ORDER BY slug") {
            columns in
            Organisation(
                slug: try columns.slug(0), name: columns.text(1), country: columns.optionalText(2),
                kind: try columns.value(3), isSuspended: columns.flag(4), clients: clients[columns.text(0)] ?? [])
        }
    }

    static func organisation(_ slug: OrganisationSlug, in db: Database) throws -> Organisation? {
        let clients = try db.all(
            "SELECT client FROM organisation_clients WHERE organisation = ?", [.text(slug.text)]
        ) { try $0.slug(0) }
        return try db.first(
            "SELECT name, country, kind, is_suspended FROM organisations WHERE slug = ?", [.text(slug.text)]
        ) { columns in
            Organisation(
                slug: slug, name: columns.text(0), country: columns.optionalText(1), kind: try columns.value(2),
                isSuspended: columns.flag(3), clients: Set(clients))
        }
    }

    static func exists(_ slug: OrganisationSlug, in db: Database) throws -> Bool {
        try db.exists("SELECT 1 FROM organisations WHERE slug = ?", [.text(slug.text)])
    }

    static func replaceClients(
        of organisation: OrganisationSlug, with clients: Set<OrganisationSlug>, in db: Database
    ) throws {
        try db.run("DELETE FROM organisation_clients WHERE organisation = ?", [.text(organisation.text)])
        for client in clients.sorted() {
            guard try exists(client, in: db) else { throw StorageError.notFound("organisation \(client)") }
            try db.run(
                "INSERT INTO organisation_clients (organisation, client) VALUES (?, ?)",
                [.text(organisation.text), .text(client.text)])
        }
    }

    /// Bit n stands for the role with the raw value n.
    static func bits(_ roles: Set<Role>) -> Int { roles.reduce(0) { $0 | 1 << $1.rawValue } }

    static func roles(_ bits: Int) -> Set<Role> { Set(Role.allCases.filter { bits & 1 << $0.rawValue != 0 }) }
}
