import Foundation

/// Text brought to the form in which it is searched: lower case, without diacritics, words apart by one space.
///
/// Latin and Cyrillic letters of the OSCE area's languages lose their marks and strokes (ü is u, ł is l, ё is е, ң is н),
/// ligatures are taken apart (ß is ss, æ is ae), and both of Turkish's i are i, so that a word is found however its
/// writer's keyboard spelt it. Other scripts keep their letters.
package enum SearchFolding {
    /// A word of a text, folded, and where it stands.
    package struct Word: Hashable, Sendable {
        package var folded: String
        package var range: Range<String.Index>
    }

    /// The words of `text` in order.
    package static func words(in text: String) -> [Word] {
        var words: [Word] = []
        var folded = ""
        var start = text.startIndex
        var index = text.unicodeScalars.startIndex
        let scalars = text.unicodeScalars
        while index < scalars.endIndex {
            let next = scalars.index(after: index)
            switch fold(scalars[index]) {
            case .separator:
                if !folded.isEmpty {
                    words.append(Word(folded: folded, range: start..<index))
                    folded = ""
                }
            case .mark: break
            case .letters(let letters):
                if folded.isEmpty { start = index }
                folded += letters
            }
            index = next
        }
        if !folded.isEmpty { words.append(Word(folded: folded, range: start..<scalars.endIndex)) }
        return words
    }

    /// The words of `text`, one space between them.
    package static func fold(_ text: String) -> String {
        var text = text
        return text.withUTF8 { utf8 in
            // Nearly always as long or shorter; what is longer (ß) is folded again into more.
            var capacity = utf8.count + 16
            while true {
                var isTooLong = false
                let folded = String(unsafeUninitializedCapacity: capacity) { buffer in
                    guard let count = fold(utf8, into: buffer) else {
                        isTooLong = true
                        return 0
                    }
                    return count
                }
                if !isTooLong { return folded }
                capacity *= 3
            }
        }
    }

    /// Every post goes through here: bytes are read and written in place, and ASCII, which is most of them, is looked up.
    /// - Returns: the length of what was written; nil when it does not fit.
    private static func fold(_ utf8: UnsafeBufferPointer<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int?
    {
        let ascii = asciiTable
        var count = 0
        var isApart = false
        var index = 0
        while index < utf8.count {
            let byte = utf8[index]
            if byte < 0x80 {
                index += 1
                let letter = ascii[Int(byte)]
                if letter == 0 {
                    isApart = true
                    continue
                }
                guard count + 2 <= buffer.count else { return nil }
                if isApart, count > 0 {
                    buffer[count] = UInt8(ascii: " ")
                    count += 1
                }
                isApart = false
                buffer[count] = letter
                count += 1
                continue
            }
            // Of a string, so well-formed (RFC 3629 §3).
            let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            var value = UInt32(byte) & (0x7F >> UInt32(length))
            for next in index + 1..<index + length { value = value << 6 | UInt32(utf8[next] & 0x3F) }
            index += length
            switch Unicode.Scalar(value).map(fold) ?? .separator {
            case .separator: isApart = true
            case .mark: break
            case .letters(let letters):
                guard count + 1 + letters.utf8.count <= buffer.count else { return nil }
                if isApart, count > 0 {
                    buffer[count] = UInt8(ascii: " ")
                    count += 1
                }
                isApart = false
                for letter in letters.utf8 {
                    buffer[count] = letter
                    count += 1
                }
            }
        }
        return count
    }

    /// How many words a text has that was folded.
    package static func wordCount(ofFolded text: String) -> Int {
        text.isEmpty ? 0 : text.utf8.count { $0 == UInt8(ascii: " ") } + 1
    }

    private enum Folded: Sendable {
        case separator
        /// A combining mark: the letter before it goes on.
        case mark
        case letters(String)
    }

    private static func fold(_ scalar: Unicode.Scalar) -> Folded {
        Int(scalar.value) < table.count ? table[Int(scalar.value)] : folded(scalar)
    }

    /// Up to the Cyrillic supplement: nearly all that is ever folded.
    private static let table: [Folded] = (UInt32(0)..<0x530).map { Unicode.Scalar($0).map(folded) ?? .separator }

    /// The letter that stands for each of ASCII; 0 for a separator.
    private static let asciiTable: [UInt8] = (UInt8(0)..<128).map { byte in
        if case .letters(let letters) = folded(Unicode.Scalar(byte)) { letters.utf8.first ?? 0 } else { 0 }
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Folded {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return .mark
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .modifierLetter, .decimalNumber,
            .letterNumber, .spacingMark:
            break
        default: return .separator
        }
        var letters = ""
        for part in scalar.properties.lowercaseMapping.decomposedStringWithCanonicalMapping.unicodeScalars {
            if part.properties.generalCategory == .nonspacingMark { continue }
            letters += withoutStroke[part] ?? String(part)
        }
        return letters.isEmpty ? .mark : .letters(letters)
    }

    /// Letters that Unicode does not take apart, as readers of neighbouring languages type them.
    private static let withoutStroke: [Unicode.Scalar: String] = [
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th",
        "ŋ": "n",
        "ə": "e", "ŧ": "t", "ґ": "г", "ғ": "г", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "һ": "х", "ә": "а",
        "ҳ": "х", "ҷ": "ч", "ӣ": "и", "ӯ": "у",
    ]
}

extension Post {
    /// What is searched of a post, folded, by the weight it has. The salt, ids and references are not searched.
    package struct SearchText: Hashable, Sendable {
        package var title = ""
        package var recommendation = ""
        package var body = ""
        package var tags = ""

        package init(title: String = "", recommendation: String = "", body: String = "", tags: String = "") {
            self.title = title
            self.recommendation = recommendation
            self.body = body
            self.tags = tags
        }

        /// What is searched by parts of words: short, since such an index is three times as long as its text.
        package var parts: String { [title, tags, recommendation].filter { !$0.isEmpty }.joined(separator: " ") }

        package var fields: [String] { [title, recommendation, body, tags] }
    }

    package var searchText: SearchText {
        if let lesson = body.lesson {
            return SearchText(
                title: SearchFolding.fold(lesson.title), recommendation: SearchFolding.fold(lesson.recommendation),
                body: SearchFolding.fold(
                    [
                        lesson.observation, lesson.discussion, lesson.conclusion, lesson.evidence ?? "",
                        lesson.actionBody ?? "",
                    ].joined(separator: "\n")),
                tags: SearchFolding.fold(lesson.tags.joined(separator: "\n")))
        }
        return SearchText(body: SearchFolding.fold(searchedTexts.joined(separator: "\n")))
    }

    /// The texts that a search may show a piece of, the most telling first. A reason for a redaction is not searched.
    package var searchedTexts: [String] {
        let texts: [String] =
            switch body {
            case .lesson, .revision, .translation: body.lesson?.searchedTexts ?? []
            case .comment(let comment): [comment.text]
            case .endorsement(let endorsement): [endorsement.note]
            case .applicationReport(let report): [report.outcome, report.evidence ?? ""]
            case .stateChange(let change): [change.reason]
            case .redaction: []
            }
        return texts.filter { !$0.isEmpty }
    }
}

extension Lesson {
    fileprivate var searchedTexts: [String] {
        [
            recommendation, observation, conclusion, discussion, evidence ?? "", actionBody ?? "",
            tags.joined(separator: ", "), title,
        ]
    }
}
