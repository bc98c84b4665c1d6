import GRDB
package import LessonModel

/// Organisations. Each change is one transaction with its audit entry. One that was removed is as if it were not there,
/// but for its slug, which is never given again.
extension RelayStore {
    /// - Throws: `.alreadyExists` for a slug that is or was in use, `.notFound` for a client that is no organisation.
    package func addOrganisation(_ organisation: Organisation, audit: AuditEntry) throws(StorageError) {
        try write { db in
            let changed = try db.run(
                """
                INSERT INTO organisations (slug, name, country, kind, is_suspended, contact, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (slug) DO NOTHING
                """,
                [
                    .text(organisation.slug.text), .text(organisation.name), .optional(organisation.country),
                    .integer(organisation.kind.rawValue), .flag(organisation.isSuspended),
                    .text(organisation.contact), .integer(audit.at),
                ])
            guard changed == 1 else {
                let isThere = try MembershipSQL.exists(organisation.slug, in: db)
                throw StorageError.alreadyExists(
                    "the organisation \(organisation.slug)\(isThere ? "" : " was removed; its short name")")
            }
            try MembershipSQL.replaceClients(of: organisation.slug, with: organisation.clients, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    /// Replaces name, country, kind and contact of the organisation with that slug.
    /// - Throws: `.notFound`.
    package func changeOrganisation(_ organisation: Organisation, audit: AuditEntry) throws(StorageError) {
        try write { db in
            let changed = try db.run(
                """
                UPDATE organisations SET name = ?, country = ?, kind = ?, contact = ?
                WHERE slug = ? AND removed_at IS NULL
                """,
                [
                    .text(organisation.name), .optional(organisation.country), .integer(organisation.kind.rawValue),
                    .text(organisation.contact), .text(organisation.slug.text),
                ])
            guard changed == 1 else { throw StorageError.notFound("organisation \(organisation.slug)") }
            try AuditChain.append(audit, to: db)
        }
    }

    /// In the order of their slugs, those after `slug`.
    package func organisations(after slug: String = "", limit: Int = .max) throws(StorageError) -> [Organisation] {
        try read { db in try MembershipSQL.organisations(after: slug, limit: limit, in: db) }
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
            "UPDATE organisations SET is_suspended = ? WHERE slug = ? AND removed_at IS NULL",
            [.flag(isSuspended), .text(organisation.text)], what: "organisation \(organisation)", audit: audit)
    }

    /// Runs one update with its audit entry.
    func changeMembership(
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
enum MembershipSQL {}

extension MembershipSQL {
    private static let organisationColumns = "slug, name, country, kind, is_suspended, contact"

    static func organisations(after slug: String = "", limit: Int = .max, in db: Database) throws -> [Organisation] {
        var organisations = try db.all(
            """
            SELECT \(organisationColumns) FROM organisations WHERE slug > ? AND removed_at IS NULL
            ORDER BY slug LIMIT ?
            """, [.text(slug), .integer(max(1, limit))], organisation)
        for index in organisations.indices {
            organisations[index].clients = try clients(of: organisations[index].slug, in: db)
        }
        return organisations
    }

    static func organisation(_ slug: OrganisationSlug, in db: Database) throws -> Organisation? {
        var found = try db.first(
            "SELECT \(organisationColumns) FROM organisations WHERE slug = ? AND removed_at IS NULL",
            [.text(slug.text)], organisation)
        found?.clients = try clients(of: slug, in: db)
        return found
    }

    static func exists(_ slug: OrganisationSlug, in db: Database) throws -> Bool {
        try db.exists("SELECT 1 FROM organisations WHERE slug = ? AND removed_at IS NULL", [.text(slug.text)])
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

    private static func clients(of slug: OrganisationSlug, in db: Database) throws -> Set<OrganisationSlug> {
        Set(
            try db.all("SELECT client FROM organisation_clients WHERE organisation = ?", [.text(slug.text)]) {
                try $0.slug(0)
            })
    }

    /// Without its clients.
    private static func organisation(_ columns: Columns) throws -> Organisation {
        Organisation(
            slug: try columns.slug(0), name: columns.text(1), country: columns.optionalText(2),
            kind: try columns.value(3), isSuspended: columns.flag(4), contact: columns.text(5))
    }
}
