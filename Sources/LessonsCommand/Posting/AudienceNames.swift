import LessonModel

extension Audience {
    /// - Parameter names: organisations' short names and members' ids.
    init(names: [String]) throws(CommandFailure) {
        self.init()
        for name in names {
            if let member = MemberID(text: name) {
                members.insert(member)
            } else if let slug = OrganisationSlug(name) {
                organisations.insert(slug)
            } else {
                throw CommandFailure(
                    .usage, "INVALID", "\"\(name)\" is no organisation's short name and no member's id",
                    field: "audience",
                    hint: "see them with: lessons organisations, and lessons members")
            }
        }
    }
}
