import FoundationEssentials
import GRDB
package import LessonModel
import PKI
import Synchronization

/// What erasing the names of an organisation's people did.
package struct NameErasure: Hashable, Sendable {
    package var members: Int
    package var certificates: Int
    /// Of those, that have no replacement: whoever does not have them already cannot check the posts that they signed.
    package var withoutReplacement: Int
    package var auditEntries: Int
}

/// The names of people whose organisation has left. They stand in the member list, in invitations, in certificates and in the
/// audit log's details; what was posted holds ids alone and stays as it is.
extension RelayStore {
    /// What stands for an erased name.
    package static let erasedName = "(name erased)"

    /// Certificates of `organisation` that posts are checked with.
    package func certificatesInUse(of organisation: OrganisationSlug) throws(StorageError) -> [StoredCertificate] {
        try read { db in
            try db.all(
                """
                SELECT \(CertificateSQL.columns) FROM certificates
                WHERE organisation = ?1 AND length(der) > 0 AND (fingerprint IN (SELECT certificate FROM post_contents)
                    OR fingerprint IN (SELECT certificate FROM held_posts))
                """,
                [.text(organisation.text)], CertificateSQL.certificate)
        }
    }

    /// Erases the names of the people of an organisation that was removed, and its contact. The audit chain stays whole:
    /// entries that lose a name are named by the entry of this act. When `purgeErasedWords` has run, nothing of the
    /// names is left in the files. Doing it again erases what has come since, which is nothing.
    /// - Parameters:
    ///   - replacements: by fingerprint, certificates without names for those that posts are checked with; they are revoked
    ///     as the replaced ones are.
    ///   - audit: the numbers are added to it.
    /// - Throws: `.notFound` when there never was such an organisation, `.limit` when it has not left.
    package func eraseNames(
        of organisation: OrganisationSlug, replacements: [[UInt8]: IssuedCertificate], audit: AuditEntry
    ) throws(StorageError) -> NameErasure {
        let erasure = try write { db in
            let hasLeft = try db.first(
                "SELECT removed_at IS NOT NULL FROM organisations WHERE slug = ?", [.text(organisation.text)]
            ) { $0.flag(0) }
            guard let hasLeft else { throw StorageError.notFound("organisation \(organisation)") }
            guard hasLeft else {
                throw StorageError.limit("\(organisation) has not left; names are erased after remove-organisation")
            }
            let slug = SQLValue.text(organisation.text)
            let name = SQLValue.text(RelayStore.erasedName)
            let entries = try NameErasureSQL.namedEntries(of: organisation, in: db)
            let members = try db.run(
                "UPDATE members SET name = ?2, folded_name = ?3 WHERE organisation = ?1 AND name <> ?2",
                [slug, name, .text(SearchText.folded(RelayStore.erasedName))])
            try db.run("UPDATE invitations SET member_name = ?2 WHERE organisation = ?1", [slug, name])
            try db.run("UPDATE organisations SET contact = '' WHERE slug = ?1", [slug])
            let certificates = try NameErasureSQL.eraseCertificates(
                of: organisation, replacements, at: audit.at, in: db)
            var entry = audit
            entry.action = ErasedEntries.action
            entry.detail["organisation"] = organisation.text
            entry.detail["members"] = String(members)
            entry.detail["certificates"] = String(certificates.erased)
            entry.detail[ErasedEntries.field] = ErasedEntries(entries.map(\.sequence)).text
            let act = try AuditChain.append(entry, to: db)
            for entry in entries {
                try db.run(
                    "UPDATE audit SET detail = ?2, erased_by = ?3 WHERE sequence = ?1",
                    [.integer(entry.sequence), .text(entry.detail), .integer(act)])
            }
            try db.run(
                """
                INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value
                """, [.text(NameErasureSQL.setting), .text(String(audit.at))])
            return NameErasure(
                members: members, certificates: certificates.erased,
                withoutReplacement: certificates.withoutReplacement, auditEntries: entries.count)
        }
        hasErasedWords.store(true, ordering: .releasing)
        return erasure
    }

    /// When names were erased last; 0: never. Whoever keeps certificates asks for them anew after that.
    package func namesErasedAt() throws(StorageError) -> Milliseconds {
        try setting(NameErasureSQL.setting).flatMap { Milliseconds($0) } ?? 0
    }
}

enum NameErasureSQL {
    static let setting = "names-erased-at"

    /// Of an audit entry nothing changes but its detail, once, with the number of the entry that tells of it.
    static let schema = """
        ALTER TABLE audit ADD COLUMN erased_by INTEGER;
        DROP TRIGGER audit_is_never_changed;
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
            WHEN old.erased_by IS NOT NULL OR new.erased_by IS NULL OR new.erased_by <= old.sequence
                OR (new.sequence, new.at, new.actor, new.certificate, new.action, new.previous_hash, new.hash)
                    IS NOT (old.sequence, old.at, old.actor, old.certificate, old.action, old.previous_hash, old.hash)
            BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed'); END;
        ALTER TABLE certificates ADD COLUMN replaced_by BLOB;
        """

    static func eraseCertificates(
        of organisation: OrganisationSlug, _ replacements: [[UInt8]: IssuedCertificate], at now: Milliseconds,
        in db: Database
    ) throws -> (erased: Int, withoutReplacement: Int) {
        let certificates = try db.all(
            """
            SELECT \(CertificateSQL.columns) FROM certificates WHERE organisation = ?1 AND length(der) > 0
                AND fingerprint NOT IN (SELECT replaced_by FROM certificates WHERE replaced_by IS NOT NULL)
            """, [.text(organisation.text)], CertificateSQL.certificate)
        let inUse = Set(
            try db.all(
                "SELECT certificate FROM post_contents UNION SELECT certificate FROM held_posts", [], { $0.blob(0) }))
        var withoutReplacement = 0
        for certificate in certificates {
            let fingerprint = certificate.issued.fingerprint
            let replacement = replacements[fingerprint]
            if let replacement {
                try CertificateSQL.insert(replacement, of: certificate.member, at: now, in: db)
                try db.run(
                    "UPDATE certificates SET revoked_at = ?2, revocation_reason = ?3 WHERE fingerprint = ?1",
                    [
                        .blob(replacement.fingerprint), .integer(certificate.revocation?.at ?? now),
                        .integer(certificate.revocation?.reason ?? RevocationReason.cessationOfOperation.rawValue),
                    ])
            } else if inUse.contains(fingerprint) {
                withoutReplacement += 1
            }
            try db.run(
                "UPDATE certificates SET der = x'', replaced_by = ?2 WHERE fingerprint = ?1",
                [.blob(fingerprint), .optional(replacement?.fingerprint)])
        }
        return (certificates.count, withoutReplacement)
    }

    /// Entries about the organisation whose detail names a person, each with its detail as it shall be. To be asked while
    /// the names are still known.
    static func namedEntries(
        of organisation: OrganisationSlug, in db: Database
    ) throws -> [(sequence: Int64, detail: String)] {
        let names = Set(
            try db.all(
                """
                SELECT name FROM members WHERE organisation = ?1
                UNION SELECT member_name FROM invitations WHERE organisation = ?1
                """, [.text(organisation.text)]
            ) { $0.text(0) })
        return try db.all(
            """
            SELECT a.sequence, a.action, a.detail FROM audit_organisations o JOIN audit a ON a.sequence = o.sequence
            WHERE o.organisation = ?1 AND a.erased_by IS NULL ORDER BY a.sequence
            """, [.text(organisation.text)]
        ) { (sequence: $0.integer(0), action: $0.text(1), detail: $0.text(2)) }
        .compactMap { entry in
            let fields = try JSONDecoder().decode([String: String].self, from: Data(entry.detail.utf8))
            var kept = fields
            // An organisation's own name is no person's; its contact may be one.
            let isOfPerson = !entry.action.hasPrefix("organisation.")
            for (field, value) in fields {
                let isName = isOfPerson && (field == "name" || field != "organisation" && names.contains(value))
                if isName || field.hasPrefix("contact") { kept[field] = RelayStore.erasedName }
            }
            return kept == fields ? nil : (entry.sequence, try AuditChain.text(of: kept))
        }
    }
}
