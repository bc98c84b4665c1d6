import Yams

/// The small part of YAML that the files of this project use: every scalar is plain text, whatever it looks like.
///
/// `NO` stays `NO` and `2026-11-24` stays a text. Anchors, aliases, tags and several documents are refused, so that
/// a text cannot grow when it is read.
struct StrictYAML {
    indirect enum Value {
        case text(String)
        case list([StrictYAML])
        case mapping([(key: StrictYAML, value: StrictYAML)])
    }

    /// Of the YAML text, from 1.
    let line: Int
    let value: Value

    /// Nil when `text` holds nothing but white space and comments.
    ///
    /// The caller limits the size of `text`: time and memory are proportional to it.
    static func parse(_ text: String) throws(StrictYAMLError) -> StrictYAML? {
        try refuseAliases(in: text)
        // A native string of its own: the parser below keeps a pointer to its storage.
        let native = String(decoding: Array(text.utf8), as: UTF8.self)
        let result: Result<StrictYAML?, StrictYAMLError>
        do {
            let parser = try Parser(yaml: native, resolver: .basic, constructor: .default, encoding: .utf8)
            let root = try parser.singleRoot()
            // A node refers to its anchor weakly; the parser owns the anchors, so it must outlive the conversion.
            result = try withExtendedLifetime(parser) { .success(try root.map { try convert($0, line: 1) }) }
        } catch let error as StrictYAMLError {
            result = .failure(error)
        } catch {
            result = .failure(StrictYAMLError(error, in: native))
        }
        return try result.get()
    }

    private static func convert(_ node: Node, line parentLine: Int) throws(StrictYAMLError) -> StrictYAML {
        let line = node.mark?.line ?? parentLine
        if let anchor = node.anchor {
            throw StrictYAMLError(
                line: line, problem: "a value may not begin with &\(anchor.rawValue); put the value in double quotes")
        }
        switch node {
        case .scalar(let scalar):
            try refuseTag(scalar.tag, line: line)
            return StrictYAML(line: line, value: .text(scalar.string))
        case .sequence(let sequence):
            try refuseTag(sequence.tag, line: line)
            var list: [StrictYAML] = []
            for element in sequence { list.append(try convert(element, line: line)) }
            return StrictYAML(line: line, value: .list(list))
        case .mapping(let mapping):
            try refuseTag(mapping.tag, line: line)
            var pairs: [(key: StrictYAML, value: StrictYAML)] = []
            for (key, value) in mapping {
                let key = try convert(key, line: line)
                pairs.append((key, try convert(value, line: key.line)))
            }
            return StrictYAML(line: line, value: .mapping(pairs))
        case .alias:
            throw .alias(line: line)
        }
    }

    private static func refuseTag(_ tag: Tag, line: Int) throws(StrictYAMLError) {
        guard ["", Tag.Name.str.rawValue].contains(tag.description) else {
            throw StrictYAMLError(line: line, problem: "a value may not begin with !; put the value in double quotes")
        }
    }

    /// Refuses a text in which an alias could refer to an anchor, before anything could multiply.
    ///
    /// Without looking at quotes: some name follows both an `&` and an `*`. `renderedScalar` never writes that.
    private static func refuseAliases(in text: String) throws(StrictYAMLError) {
        let bytes = Array(text.utf8)
        var anchors: Set<ArraySlice<UInt8>> = []
        var aliases: [(name: ArraySlice<UInt8>, line: Int)] = []
        var line = 1
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") else { continue }
            let name = bytes[(index + 1)...].prefix(while: isNameByte)
            guard !name.isEmpty else { continue }
            if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.append((name, line)) }
        }
        if let alias = aliases.first(where: { anchors.contains($0.name) }) { throw .alias(line: alias.line) }
    }

    /// The characters of an anchor's name (YAML 1.1 as libyaml reads it).
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Why a YAML text cannot be read, in a sentence for the person who wrote it.
struct StrictYAMLError: Error, Equatable {
    /// Of the YAML text, from 1.
    let line: Int
    let problem: String

    static func alias(line: Int) -> StrictYAMLError {
        StrictYAMLError(
            line: line,
            problem: "YAML anchors and aliases (&name, *name) are not accepted; in double quotes write & as \\x26")
    }
}

extension StrictYAMLError {
    init(line: Int, problem: String, hint: String) { self.init(line: line, problem: "\(problem); \(hint)") }

    fileprivate init(_ error: any Error, in text: String) {
        let hint = "put a value with : # or quotes inside in double quotes"
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            self.init(line: mark.line, problem: "this is no YAML (\(problem))", hint: hint)
        case .composer(_, let problem, let mark, _):
            if problem.contains("alias") {
                self = .alias(line: mark.line)
            } else {
                self.init(line: mark.line, problem: "this is no YAML (\(problem))", hint: hint)
            }
        case .duplicatedKeysInMapping(let keys, let context):
            self.init(
                line: context.mark.line, problem: "\(keys.joined(separator: ", ")) is written twice",
                hint: "keep one of them")
        case .reader(_, let offset, _, let yaml):
            let head = yaml.prefix(offset ?? 0)
            let line = 1 + head.utf8.count(where: { $0 == UInt8(ascii: "\n") })
            self.init(line: line, problem: "this line has a control character; delete it")
        default:
            self.init(line: 1, problem: "this is no YAML", hint: hint)
        }
    }
}

extension StrictYAML {
    /// `text` as one YAML scalar on one line that `parse` reads back unchanged: plain where every YAML reader takes it
    /// for a text or a date, in double quotes otherwise.
    ///
    /// - Parameter escapesAliases: must be true when any scalar of the same YAML text holds an `&`.
    static func renderedScalar(_ text: String, escapesAliases: Bool) -> String {
        if isPlain(text) { return text }
        var result = "\""
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "*" where escapesAliases: result += "\\x2A"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\\x" + hex(scalar.value, digits: 2)
            case "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                result += "\\u" + hex(scalar.value, digits: 4)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func hex(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static let wordsOfOtherTypes: Set<String> = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null",
    ]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, last != UInt8(ascii: " "),
            !wordsOfOtherTypes.contains(text.lowercased())
        else { return false }
        if text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: "-") }) {
            return CalendarDate.isValid(text, mayBePartial: true)
        }
        guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) else { return false }
        return text.utf8.allSatisfy { isNameByte($0) || " ./+()".utf8.contains($0) }
    }
}
