/// A State of the OSCE area: one of the 57 participating States or of the 11 Partners for Co-operation, named as the
/// OSCE names it.
package struct ParticipatingState: Hashable, Sendable {
    package enum Status: String, CaseIterable, Sendable {
        case participating
        case partnerMediterranean = "partner-med"
        case partnerAsia = "partner-asia"
    }

    /// ISO 3166-1 alpha-2.
    package let code: String
    package let name: String
    package let status: Status

    /// By name: the participating States first, then the Mediterranean Partners, then the Asian ones.
    package static let all: [ParticipatingState] =
        states(participating, .participating) + states(mediterranean, .partnerMediterranean)
        + states(asian, .partnerAsia)

    /// The OSCE's name of the State with ISO 3166-1 alpha-2 `code` in capital letters; nil for every other text.
    package static func name(of code: String) -> String? { byCode[code]?.name }

    package static func isKnown(_ code: String) -> Bool { byCode[code] != nil }

    /// The code of a State by its name, by a spelling without its diacritics, or by another usual name, in either case.
    package static func code(named name: String) -> String? { byName[name.lowercased()] }

    private static let byCode = Dictionary(all.map { ($0.code, $0) }) { first, _ in first }

    private static let byName: [String: String] = {
        var codes = Dictionary(all.map { ($0.name.lowercased(), $0.code) }) { first, _ in first }
        for (name, code) in otherNames { codes[name] = code }
        return codes
    }()

    private static let otherNames: KeyValuePairs = [
        "turkiye": "TR", "turkey": "TR", "czech republic": "CZ", "russia": "RU", "united states": "US", "usa": "US",
        "uk": "GB", "great britain": "GB", "south korea": "KR", "vatican": "VA", "macedonia": "MK",
        "the netherlands": "NL",
        "bosnia": "BA", "republic of moldova": "MD",
    ]

    private static func states(_ names: KeyValuePairs<String, String>, _ status: Status) -> [ParticipatingState] {
        names.map { ParticipatingState(code: $0.key, name: $0.value, status: status) }
    }

    private static let participating: KeyValuePairs<String, String> = [
        "AL": "Albania", "AD": "Andorra", "AM": "Armenia", "AT": "Austria", "AZ": "Azerbaijan",
        "BY": "Belarus", "BE": "Belgium", "BA": "Bosnia and Herzegovina", "BG": "Bulgaria", "CA": "Canada",
        "HR": "Croatia", "CY": "Cyprus", "CZ": "Czechia", "DK": "Denmark", "EE": "Estonia", "FI": "Finland",
        "FR": "France", "GE": "Georgia", "DE": "Germany", "GR": "Greece", "VA": "Holy See", "HU": "Hungary",
        "IS": "Iceland", "IE": "Ireland", "IT": "Italy", "KZ": "Kazakhstan", "KG": "Kyrgyzstan",
        "LV": "Latvia", "LI": "Liechtenstein", "LT": "Lithuania", "LU": "Luxembourg", "MT": "Malta",
        "MD": "Moldova", "MC": "Monaco", "MN": "Mongolia", "ME": "Montenegro", "NL": "Netherlands",
        "MK": "North Macedonia", "NO": "Norway", "PL": "Poland", "PT": "Portugal", "RO": "Romania",
        "RU": "Russian Federation", "SM": "San Marino", "RS": "Serbia", "SK": "Slovakia", "SI": "Slovenia",
        "ES": "Spain", "SE": "Sweden", "CH": "Switzerland", "TJ": "Tajikistan", "TR": "Türkiye",
        "TM": "Turkmenistan", "UA": "Ukraine", "GB": "United Kingdom", "US": "United States of America",
        "UZ": "Uzbekistan",
    ]

    private static let mediterranean: KeyValuePairs<String, String> = [
        "DZ": "Algeria", "EG": "Egypt", "IL": "Israel", "JO": "Jordan", "MA": "Morocco", "TN": "Tunisia",
    ]

    private static let asian: KeyValuePairs<String, String> = [
        "AF": "Afghanistan", "AU": "Australia", "JP": "Japan", "KR": "Republic of Korea", "TH": "Thailand",
    ]
}
