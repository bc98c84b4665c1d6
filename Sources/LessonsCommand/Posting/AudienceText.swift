import LessonModel

/// Who receives a post, in words.
enum AudienceText {
    enum Author: Equatable {
        case you(OrganisationSlug)
        case another(OrganisationSlug)
    }

    static func receivers(marking: Marking, audience: Audience, author: Author) -> String {
        let organisations = audience.organisations.sorted().map(\.text)
        let (home, person): (String, String) =
            switch author {
            case .you(let slug): ("your own organisation, \(slug)", "you")
            case .another(let slug): (slug.text, "the author")
            }
        switch marking {
        case .clear: return "every member of this relay, and whoever they pass it on to"
        case .green: return "every member of this relay"
        case .amber where organisations.isEmpty: return "\(home) only"
        case .amber: return "\(list(organisations)) with their named clients, and \(home)"
        case .amberStrict: return organisations.isEmpty ? "\(home) only" : "\(list(organisations)), and \(home)"
        case .red:
            let members = audience.members.sorted().map(\.description)
            return members.isEmpty ? "\(person) only" : "the members \(list(members)), and \(person)"
        }
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}

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
