/// One field of a form.
package struct ComposeField: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case text(TextEditor)
        /// One of a few values, chosen with the arrow keys or by typing their beginning.
        case choice([String], selected: Int)
    }

    /// Names the field in drafts and in what is wrong with it.
    package let name: String
    package let label: String
    /// One sentence, shown while the field has the focus.
    package let help: String
    package let isRequired: Bool
    package let isMultiline: Bool
    package var content: Content
    /// What is wrong with it; nil where nothing is known to be.
    package var problem: String?
    /// Values that complete what is typed, such as topics.
    package var suggestions: [String] = []

    package init(
        text name: String, _ label: String, help: String, isRequired: Bool = false, isMultiline: Bool = false,
        value: String = "", suggestions: [String] = []
    ) {
        self.name = name
        self.label = label
        self.help = help
        self.isRequired = isRequired
        self.isMultiline = isMultiline
        self.suggestions = suggestions
        content = .text(TextEditor(value, isMultiline: isMultiline))
    }

    package init(choice name: String, _ label: String, help: String, _ values: [String], selected: Int = 0) {
        self.name = name
        self.label = label
        self.help = help
        isRequired = true
        isMultiline = false
        content = .choice(values, selected: selected)
    }

    package var value: String {
        get {
            switch content {
            case .text(let editor): editor.text
            case .choice(let values, let selected): values.indices.contains(selected) ? values[selected] : ""
            }
        }
        set {
            switch content {
            case .text: content = .text(TextEditor(newValue, isMultiline: isMultiline))
            case .choice(let values, _): content = .choice(values, selected: values.firstIndex(of: newValue) ?? 0)
            }
        }
    }

    /// - Returns: false for a key that means nothing here.
    mutating func handle(_ key: Key) -> Bool {
        switch content {
        case .text(var editor):
            guard editor.handle(key) else { return false }
            problem = nil
            content = .text(editor)
            return true
        case .choice(let values, let selected):
            let count = values.count
            switch key {
            case Key(.left), Key(.up): content = .choice(values, selected: (selected + count - 1) % count)
            case Key(.right), Key(.down), Key(.character(" ")):
                content = .choice(values, selected: (selected + 1) % count)
            default:
                guard case .character(let typed) = key.code, key.modifiers.isEmpty else { return false }
                let start = typed.lowercased()
                let order = (1...count).map { (selected + $0) % count }
                guard let found = order.first(where: { values[$0].lowercased().hasPrefix(start) }) else { return false }
                content = .choice(values, selected: found)
            }
            problem = nil
            return true
        }
    }

    mutating func paste(_ text: String) {
        guard case .text(var editor) = content else { return }
        editor.insert(text)
        problem = nil
        content = .text(editor)
    }

    /// Takes the only, or the longest common, continuation of what was typed.
    /// - Returns: false when there is none.
    mutating func complete() -> Bool {
        let typed = value
        let matching = suggestions.filter { $0.hasPrefix(typed) && $0 != typed }
        guard !typed.isEmpty, let first = matching.first else { return false }
        let common = matching.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        guard common.count > typed.count else { return false }
        value = common
        return true
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
