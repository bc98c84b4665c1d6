package import LessonModel

/// Who receives a post, in words.
package enum AudienceText {
    package enum Author: Equatable {
        case you(OrganisationSlug)
        case another(OrganisationSlug)
    }

    package static func receivers(marking: Marking, audience: Audience, author: Author) -> String {
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
