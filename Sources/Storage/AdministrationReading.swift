import GRDB
package import LessonModel
import PKI

/// What administrators see of organisations and members, in pages.
extension RelayStore {
    /// Organisations in the order of their slugs.
    /// - Parameters:
    ///   - only: this organisation alone.
    ///   - slug: those after it.
    ///   - now: decides which certificates have ended.
    package func organisationRows(
        only: OrganisationSlug? = nil, after slug: String = "", limit: Int, now: Milliseconds
    ) throws(StorageError) -> [OrganisationRow] {
        try read { db in
            try db.all(
                """
                SELECT o.slug, o.name, o.country, o.kind, o.is_suspended, o.created_at,
                    (SELECT count(*) FROM members m WHERE m.organisation = o.slug AND m.removed_at IS NULL),
                    (SELECT count(*) FROM members m WHERE m.organisation = o.slug AND m.removed_at IS NULL
                        AND m.is_suspended <> 0),
                    (SELECT count(*) FROM certificates c
                        WHERE c.organisation = o.slug AND c.revoked_at IS NULL AND c.not_after >= ?3), o.contact
                FROM organisations o
                WHERE (?1 IS NULL OR o.slug = ?1) AND o.slug > ?2 AND o.removed_at IS NULL
                ORDER BY o.slug LIMIT ?4
                """,
                [.optional(only?.text), .text(slug), .integer(now / 1_000), .integer(max(1, limit))]
            ) { columns in
                OrganisationRow(
                    organisation: Organisation(
                        slug: try columns.slug(0), name: columns.text(1), country: columns.optionalText(2),
                        kind: try columns.value(3), isSuspended: columns.flag(4), contact: columns.text(9)),
                    createdAt: columns.integer(5), memberCount: columns.int(6), suspendedMemberCount: columns.int(7),
                    certificateCount: columns.int(8))
            }
        }
    }

    /// Members in the order of their ids.
    /// - Parameter now: decides which certificates have ended.
    package func memberRows(
        _ query: MemberQuery = MemberQuery(), now: Milliseconds
    ) throws(StorageError) -> [MemberRow] {
        try read { db in
            try db.all(
                """
                SELECT \(MembershipSQL.memberColumns), m.created_at,
                    (SELECT count(*) FROM certificates c
                        WHERE c.member = m.id AND c.revoked_at IS NULL AND c.not_after >= ?5),
                    (SELECT count(*) FROM certificates c WHERE c.member = m.id AND c.not_after >= ?5
                        AND c.revocation_reason = \(RevocationReason.certificateHold.rawValue)),
                    (SELECT max(c.not_after) FROM certificates c WHERE c.member = m.id AND c.revoked_at IS NULL)
                FROM members m
                WHERE \(query.condition) ORDER BY m.id LIMIT ?4
                """, query.parameters + [.integer(now / 1_000)]
            ) { columns in
                MemberRow(
                    member: try MembershipSQL.member(columns), createdAt: columns.integer(7),
                    certificateCount: columns.int(8), heldCertificateCount: columns.int(9),
                    latestNotAfterSeconds: columns.optionalInteger(10))
            }
        }
    }

    /// Counts, of one organisation when it is given.
    /// - Parameter span: what ends within it after `now` is counted as ending.
    package func membershipCounts(
        organisation: OrganisationSlug? = nil, now: Milliseconds, endingWithin span: Milliseconds
    ) throws(StorageError) -> MembershipCounts {
        let slug = SQLValue.optional(organisation?.text)
        let seconds = SQLValue.integer(now / 1_000)
        let soon = SQLValue.integer((now + span) / 1_000)
        return try read { db in
            var counts = MembershipCounts()
            try db.each(
                """
                SELECT count(*), coalesce(sum(is_suspended), 0) FROM organisations
                WHERE removed_at IS NULL AND (?1 IS NULL OR slug = ?1)
                """, [slug]
            ) { columns in
                (counts.organisations, counts.suspendedOrganisations) = (columns.int(0), columns.int(1))
                return true
            }
            try db.each(
                """
                SELECT count(*), coalesce(sum(is_suspended), 0) FROM members
                WHERE removed_at IS NULL AND \(organisation == nil ? "?1 IS NULL" : "organisation = ?1")
                """,
                [slug]
            ) { columns in
                (counts.members, counts.suspendedMembers) = (columns.int(0), columns.int(1))
                return true
            }
            try db.each(
                """
                SELECT coalesce(sum(valid), 0), coalesce(sum(ending), 0), coalesce(sum(last <= ?3), 0)
                FROM (
                    SELECT count(*) AS valid, sum(c.not_after <= ?3) AS ending, max(c.not_after) AS last
                    FROM certificates c \(organisation == nil ? "INDEXED BY certificates_of_member" : "")
                    WHERE c.revoked_at IS NULL AND c.not_after >= ?2
                        AND \(organisation == nil ? "?1 IS NULL" : "c.organisation = ?1")
                    GROUP BY c.member)
                """,
                [slug, seconds, soon]
            ) { columns in
                (counts.certificates, counts.certificatesEnding) = (columns.int(0), columns.int(1))
                counts.membersEnding = columns.int(2)
                return true
            }
            try db.each(
                """
                SELECT count(*) FROM invitations
                WHERE redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > ?2
                    AND (?1 IS NULL OR organisation = ?1)
                """,
                [slug, .integer(now)]
            ) { columns in
                counts.openInvitations = columns.int(0)
                return true
            }
            return counts
        }
    }
}
