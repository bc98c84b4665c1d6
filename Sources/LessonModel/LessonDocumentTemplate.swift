extension LessonDocument {
    /// A document to fill in, with a line of help for every field. As it stands it is refused: title, marking, observation
    /// and recommendation are the author's to write.
    ///
    /// The help stands in YAML comments, and between the sections in lines `<!-- help: ... -->`, which `parse` leaves out.
    /// - Parameters:
    ///   - topic: where the lesson belongs; left to the author when nil.
    ///   - organisation: the author's own, named in the help on the audience.
    package static func template(
        topic: Topic? = nil, language: String = "en", organisation: OrganisationSlug, style: LessonSection.Style = .odcr
    ) -> String {
        var text = """
            ---
            # Write after the colons and below the headings, then save and quit. Title, topic, language, marking, and the
            # first and fourth section are needed; leave empty what you do not know. Lines with # up here are help.

            # In one line: what was learned.
            title:

            # Where it belongs: levels joined by /, such as policing/community.
            topic:\(topic.map { " \($0.path)" } ?? "")

            # Of your text: en, fr, de, it, ru, es, or another BCP 47 tag.
            language: \(StrictYAML.renderedScalar(language, escapesAliases: true))

            # Who may receive it (TLP 2.0): CLEAR everybody; GREEN every member of this relay; AMBER the organisations
            # in the audience and their clients; AMBER+STRICT these organisations only; RED the members in the audience.
            # \(organisation.text), your organisation, sees all of its own but RED, which only you and the named members see.
            marking:

            # AMBER and AMBER+STRICT: organisations' short names; RED: members' ids. Otherwise leave it empty.
            audience: []

            # When it happened: 2026-11-24, 2026-11 or 2026.
            event-date:

            # Where it happened: two capital letters of ISO 3166-1, such as AL.
            country:

            # Words to find it by: [patrols, youth].
            tags: []

            # Who should act, and by when (2026-11-24).
            action-body:
            due-date:

            # Reports, laws, addresses.
            references: []
            ---

            """
        for section in LessonSection.allCases {
            text += "\n## \(section.heading(style))\n\n"
            text += "<!-- help: \(section.help)\(section.isRequired ? " (needed)" : "") -->\n\n"
        }
        return text
    }
}
