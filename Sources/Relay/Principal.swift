package import LessonModel

/// Who is at the other end of a session, as the membership knows them now.
package struct Principal: Sendable, Equatable {
    package var member: Member
    package var organisation: Organisation
    /// SHA-256 of the certificate that the session was opened with.
    package var certificateFingerprint: [UInt8]

    package init(member: Member, organisation: Organisation, certificateFingerprint: [UInt8]) {
        self.member = member
        self.organisation = organisation
        self.certificateFingerprint = certificateFingerprint
    }

    /// Whether nothing has changed that a session is allowed or refused by. The clients that the organisation names are
    /// asked for with each post.
    func hasSameRights(as earlier: Principal) -> Bool {
        var organisation = organisation
        organisation.clients = earlier.organisation.clients
        return member == earlier.member && organisation == earlier.organisation
    }

    package var viewer: Viewer { Viewer(member: member.id, organisation: organisation.slug) }
}
