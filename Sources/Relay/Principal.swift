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

    package var viewer: Viewer { Viewer(member: member.id, organisation: organisation.slug) }
}
