/// Everything that is wrong with a mapping file, by line. Never empty.
package struct ImportMappingProblems: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Problem: Hashable, Sendable {
        /// From 1.
        package let line: Int
        package let message: String
    }

    package let problems: [Problem]

    /// One line a problem.
    package var description: String { problems.map { "line \($0.line): \($0.message)" }.joined(separator: "\n") }
}

extension ImportMapping {
    package static let maxFileBytes = 64 * 1024

    /// Reads a mapping file:
    ///
    ///     fields:                     # which field of a record fills which part; a list names fallbacks, in order
    ///       key: id                   # required: what identifies a record, so that none is imported twice
    ///       title: title              # required
    ///       observation: [driving_event, abstract]
    ///       recommendation: [recommendation, lesson]
    ///       discussion: details.why   # a member of a member
    ///       event-date: date_occurred # also: conclusion, evidence, country, tags
    ///     constants:                  # the same for every record
    ///       topic: policing/community
    ///       language: en
    ///       marking: GREEN
    ///       audience: [first-organisation, second-organisation]
    ///     defaults:                   # text where no field holds any
    ///       recommendation: The source gives no recommendation.
    ///     filters:                    # take only records whose field has this text, or one of these
    ///       organization: [JPL, KSC]
    ///
    /// - Throws: all problems, by line.
    package init(parsing text: String) throws(ImportMappingProblems) {
        var reader = ImportMappingReader()
        self = try reader.read(text)
    }
}

/// One reading of one mapping file.
private struct ImportMappingReader {
    private var mapping = ImportMapping(fields: [:])
    private var problems: [ImportMappingProblems.Problem] = []

    mutating func read(_ text: String) throws(ImportMappingProblems) -> ImportMapping {
        if text.utf8.count > ImportMapping.maxFileBytes {
            add(1, "a mapping file has at most \(ImportMapping.maxFileBytes / 1024) KiB")
        } else {
            do throws(StrictYAMLError) {
                if let root = try StrictYAML.parse(text) { readSections(root) }
            } catch {
                add(error.line, error.problem)
            }
            if problems.isEmpty { checkRequired() }
        }
        guard problems.isEmpty else { throw ImportMappingProblems(problems: problems.sorted { $0.line < $1.line }) }
        return mapping
    }

    private mutating func add(_ line: Int, _ message: String) {
        problems.append(ImportMappingProblems.Problem(line: line, message: message))
    }

    private mutating func checkRequired() {
        for target in [ImportMapping.Target.key, .title, .observation, .recommendation] {
            guard mapping.fields[target] == nil, target == .key || mapping.defaults[target] == nil else { continue }
            add(1, "name the record's field for the \(target.rawValue), below fields:")
        }
        if let marking = mapping.marking {
            do { try mapping.audience.validate(for: marking) } catch { add(1, "\(error)") }
        } else if mapping.audience != .everybody {
            add(1, "an audience needs a marking, below constants:")
        }
    }

    private mutating func readSections(_ root: StrictYAML) {
        let names = ["fields", "constants", "defaults", "filters"]
        for (key, value) in entries(root, "the mapping") {
            switch key.text {
            case "fields": readFields(value)
            case "constants": readConstants(value)
            case "defaults": readDefaults(value)
            case "filters": readFilters(value)
            default: addUnknown(key, "part", names)
            }
        }
    }

    private mutating func readFields(_ node: StrictYAML) {
        for (key, value) in entries(node, "fields") {
            guard let target = target(key) else { continue }
            let names = texts(value)
            if names.isEmpty { add(value.line, "name a field of the record for \(target.rawValue)") }
            mapping.fields[target] = names
        }
    }

    private mutating func readDefaults(_ node: StrictYAML) {
        for (key, value) in entries(node, "defaults") {
            guard let target = target(key) else { continue }
            guard target != .key else {
                add(key.line, "a key cannot have a default; it must differ from record to record")
                continue
            }
            if let text = text(value) { mapping.defaults[target] = text }
        }
    }

    private mutating func readFilters(_ node: StrictYAML) {
        for (key, value) in entries(node, "filters") {
            guard let field = key.text else {
                add(key.line, "name a field of the record")
                continue
            }
            mapping.filters[field] = Set(texts(value))
        }
    }

    private mutating func readConstants(_ node: StrictYAML) {
        var audience: [(line: Int, text: String)] = []
        for (key, value) in entries(node, "constants") {
            switch key.text {
            case "topic":
                guard let text = text(value) else { continue }
                mapping.topic = Topic(text)
                if mapping.topic == nil {
                    add(value.line, "\"\(text.prefix(80))\" is no topic; write levels such as policing/community")
                }
            case "language":
                guard let text = text(value) else { continue }
                mapping.language = text
                if !LanguageTag.isValid(text) {
                    add(value.line, "\"\(text.prefix(40))\" is no BCP 47 language tag, such as en")
                }
            case "marking":
                guard let text = text(value) else { continue }
                mapping.marking = Marking(label: text)
                if mapping.marking == nil {
                    add(
                        value.line,
                        "\"\(text.prefix(40))\" is no marking; write CLEAR, GREEN, AMBER, AMBER+STRICT or RED")
                }
            case "audience": audience = texts(value).map { (value.line, $0) }
            default: addUnknown(key, "constant", ["topic", "language", "marking", "audience"])
            }
        }
        for (line, text) in audience {
            if let member = MemberID(text: text) {
                mapping.audience.members.insert(member)
            } else if let slug = OrganisationSlug(text) {
                mapping.audience.organisations.insert(slug)
            } else {
                add(line, "\"\(text.prefix(60))\" is no organisation's short name and no member's id")
            }
        }
    }

    private mutating func target(_ key: StrictYAML) -> ImportMapping.Target? {
        if let target = key.text.flatMap(ImportMapping.Target.init(rawValue:)) { return target }
        addUnknown(key, "part of a lesson", ImportMapping.Target.allCases.map(\.rawValue))
        return nil
    }

    private mutating func addUnknown(_ key: StrictYAML, _ kind: String, _ names: [String]) {
        let name = key.text ?? ""
        let question = Suggestion.question(for: name, among: names)
        let help = question.isEmpty ? "; there are \(names.joined(separator: ", "))" : question
        add(key.line, "there is no \(kind) \"\(name.prefix(60))\"\(help)")
    }

    private mutating func entries(_ node: StrictYAML, _ name: String) -> [(key: StrictYAML, value: StrictYAML)] {
        if case .mapping(let pairs) = node.value { return pairs }
        if node.text?.isEmpty != true { add(node.line, "\(name) must be lines of \"key: value\"") }
        return []
    }

    private mutating func text(_ node: StrictYAML) -> String? {
        if let text = node.text, !text.isEmpty { return text }
        add(node.line, "write one value here")
        return nil
    }

    /// One text, or each of a list.
    private mutating func texts(_ node: StrictYAML) -> [String] {
        guard case .list(let nodes) = node.value else { return text(node).map { [$0] } ?? [] }
        return nodes.compactMap { text($0) }
    }
}

extension StrictYAML {
    /// The scalar's text without white space at its ends; nil for a list or a mapping.
    fileprivate var text: String? {
        guard case .text(let text) = value else { return nil }
        return CleanText.trimmed(text)
    }
}
