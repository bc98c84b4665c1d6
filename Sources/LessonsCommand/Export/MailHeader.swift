import Foundation
import LessonModel

/// A header of a mail message (RFC 5322 §2.2), folded, its text of outsiders neutral: no line break, no control and no mark
/// that reorders text gets through, and what is not plain ASCII is written in encoded words (RFC 2047).
struct MailHeader: Equatable {
    /// An encoded word has at most 75 characters; these bytes of text give 60 of them in base64.
    private static let maxWordBytes = 45
    private static let maxLineLength = 76
    /// A longer name is encoded, so that it can be folded.
    private static let maxQuotedBytes = 150

    let name: String
    private let parts: [String]

    /// - Parameter text: of an outsider.
    init(_ name: String, text: String) {
        self.name = name
        parts = Self.words(text)
    }

    /// - Parameter tokens: of our own making, in ASCII; a line may be folded between them.
    init(_ name: String, tokens: [String]) {
        self.name = name
        parts = tokens
    }

    /// - Parameters:
    ///   - displayName: of an outsider.
    ///   - address: of our own making.
    init(_ name: String, displayName: String, address: String) {
        self.name = name
        let words = Self.words(displayName)
        let isEncoded = words.first?.hasPrefix("=?") ?? true
        if isEncoded || words.allSatisfy({ $0.utf8.allSatisfy(Self.isAtomByte) }) {
            parts = words + ["<\(address)>"]
        } else {
            let quoted = Self.quoted(words)
            parts =
                (quoted.utf8.count <= Self.maxQuotedBytes ? [quoted] : Self.encodedWords(displayName)) + [
                    "<\(address)>"
                ]
        }
    }

    /// Ends in a line feed.
    var lines: String {
        var text = "\(name):"
        var length = text.utf8.count
        for (index, part) in parts.enumerated() {
            if index > 0, length + 1 + part.utf8.count > Self.maxLineLength {
                text += "\n"
                length = 0
            }
            text += " " + part
            length += 1 + part.utf8.count
        }
        return text + "\n"
    }

    /// The words of `text`, as they are where all are plain, encoded otherwise.
    private static func words(_ text: String) -> [String] {
        let line = SafeText.line(text)
        let isPlain =
            line.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !line.contains("=?")
            && line.split(separator: " ").allSatisfy { $0.utf8.count <= 200 }
        return isPlain ? line.split(separator: " ").map(String.init) : encodedWords(line)
    }

    /// Parted after a space where that is possible: some readers keep the space between encoded words of a name.
    private static func encodedWords(_ text: String) -> [String] {
        var words: [String] = []
        var chunk: [UInt8] = []
        func end() {
            if !chunk.isEmpty { words.append(encoded(chunk)) }
            chunk = []
        }
        for (index, word) in SafeText.line(text).split(separator: " ").enumerated() {
            if index > 0 { chunk.append(UInt8(ascii: " ")) }
            if chunk.count + word.utf8.count >= maxWordBytes { end() }
            for scalar in word.unicodeScalars {
                let bytes = Array(String(scalar).utf8)
                if chunk.count + bytes.count >= maxWordBytes { end() }
                chunk += bytes
            }
        }
        end()
        return words
    }

    /// A reader joins adjacent encoded words without the space between them.
    private static func encoded(_ bytes: [UInt8]) -> String { "=?UTF-8?B?\(Data(bytes).base64EncodedString())?=" }

    private static func quoted(_ words: [String]) -> String {
        var text = "\""
        for character in words.joined(separator: " ") {
            if character == "\"" || character == "\\" { text += "\\" }
            text.append(character)
        }
        return text + "\""
    }

    /// RFC 5322 §3.2.3.
    private static func isAtomByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }
}

/// Text in the encoding quoted-printable (RFC 2045 §6.7), in lines of at most 76 characters.
enum QuotedPrintable {
    private static let maxLineLength = 76
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Ends in a line feed. No line begins with `From `, or with `>` and `From `: a reader of mailboxes of whatever kind
    /// finds nothing to take for the next message, and nothing to unquote (mboxrd).
    static func encoded(_ text: String) -> String {
        var result: [UInt8] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var length = 0
            for (index, byte) in zip(line.indices, line) {
                let rest = line[index...]
                let isEscaped = needsEscape(byte, isLast: line.index(after: index) == line.endIndex)
                // One place is left for the = that joins the next line.
                if length + (isEscaped ? 3 : 1) > maxLineLength - 1 {
                    result += [UInt8(ascii: "="), UInt8(ascii: "\n")]
                    length = 0
                }
                let unit = isEscaped || length == 0 && looksLikeSeparator(rest) ? escape(byte) : [byte]
                result += unit
                length += unit.count
            }
            result.append(UInt8(ascii: "\n"))
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func looksLikeSeparator(_ line: Substring.UTF8View) -> Bool {
        line.drop { $0 == UInt8(ascii: ">") }.starts(with: "From ".utf8)
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func needsEscape(_ byte: UInt8, isLast: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "="): true
        case UInt8(ascii: " "), UInt8(ascii: "\t"): isLast
        case 0x21...0x7E: false
        default: true
        }
    }
}
