/// BCP 47 language tags, as far as a lesson needs them.
package enum LanguageTag {
    package static let maxBytes = 35

    /// True for a primary subtag of 2 or 3 letters and further subtags of 1 to 8 letters or digits (RFC 5646 §2.1).
    package static func isValid(_ tag: String) -> Bool {
        let subtags = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard tag.utf8.count <= maxBytes, let primary = subtags.first, (2...3).contains(primary.count),
            primary.allSatisfy(isLetter)
        else { return false }
        return subtags.dropFirst().allSatisfy { subtag in
            (1...8).contains(subtag.count) && subtag.allSatisfy { isLetter($0) || isDigit($0) }
        }
    }

    /// `pt` of `pt-BR`, in lower case.
    package static func primary(of tag: String) -> String {
        (tag.split(separator: "-").first.map(String.init) ?? tag).lowercased()
    }

    private static func isLetter(_ unit: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit | 0x20)
    }

    private static func isDigit(_ unit: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit)
    }
}
