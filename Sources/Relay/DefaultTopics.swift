import LessonModel
import Storage

/// The topics of a new relay: the OSCE's own fields of work. Administrators change them at run time.
enum DefaultTopics {
    static let all: [TopicDescription] = entries.map { path, description in
        guard let topic = Topic(path) else { preconditionFailure("\(path) is a topic") }
        return TopicDescription(topic: topic, description: description)
    }

    private static let entries: [(String, String)] = [
        ("policing", "Police work and its development"),
        ("policing/community", "Community policing"),
        ("policing/partnerships", "Partnerships of police and public"),
        ("policing/intelligence-led", "Intelligence-led policing"),
        ("policing/reform", "Police reform"),
        ("policing/training", "Police education and training"),
        ("policing/democratic", "Democratic policing"),
        ("policing/gender-responsive", "Gender-responsive policing"),
        ("accountability", "Accountability of law enforcement"),
        ("accountability/oversight", "Independent oversight"),
        ("accountability/complaints", "Complaints against police"),
        ("accountability/use-of-force", "Use of force and firearms"),
        ("accountability/integrity", "Integrity of institutions"),
        ("corruption", "Preventing and combating corruption"),
        ("hate-crime", "Hate crime"),
        ("hate-crime/recording", "Recording and data"),
        ("hate-crime/victims", "Victims and their support"),
        ("hate-crime/prosecution", "Investigation and prosecution"),
        ("gender-based-violence", "Violence against women and domestic violence"),
        ("trafficking", "Trafficking and smuggling"),
        ("trafficking/human-beings", "Trafficking in human beings"),
        ("trafficking/migrant-smuggling", "Smuggling of migrants"),
        ("trafficking/drugs", "Illicit drugs"),
        ("trafficking/cultural-property", "Cultural property"),
        ("terrorism", "Preventing and countering terrorism"),
        ("terrorism/verlt", "Violent extremism and radicalization that lead to terrorism"),
        ("terrorism/financing", "Financing of terrorism"),
        ("terrorism/internet", "Use of the Internet for terrorist purposes"),
        ("terrorism/critical-infrastructure", "Protecting critical infrastructure"),
        ("cyber", "Cyber security"),
        ("cyber/cybercrime", "Cybercrime"),
        ("cyber/e-evidence", "Electronic evidence"),
        ("cyber/confidence-building", "Confidence-building measures"),
        ("organized-crime", "Organized crime"),
        ("borders", "Border security and management"),
        ("arms", "Small arms and light weapons"),
        ("inclusion", "Inclusion of all parts of society"),
        ("inclusion/roma-sinti", "Roma and Sinti"),
        ("inclusion/national-minorities", "National minorities"),
        ("inclusion/youth", "Youth"),
        ("inclusion/disability", "Persons with disabilities"),
        ("inclusion/migration", "Migration"),
        ("justice", "Justice"),
        ("justice/rule-of-law", "Rule of law"),
        ("justice/fair-trial", "Fair trial"),
        ("justice/victims", "Victims in criminal justice"),
        ("media", "Freedom of the media and safety of journalists"),
        ("elections", "Elections"),
        ("environment", "Environment and security"),
        ("human-rights", "Human rights"),
    ]
}
