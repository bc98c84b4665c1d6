package import LessonModel

/// What lies above the panes. Each keeps what was typed until it is closed.
package enum Dialog: Sendable {
    case help(top: Int)
    /// Lines to read, and nothing to do with them.
    case page(title: String, lines: [StyledText], top: Int)
    case palette(PaletteState)
    case search(SearchState)
    case list(ListState)
    case ask(AskState)
    case join(JoinState)
}

/// All commands, narrowed by what is typed.
package struct PaletteState: Sendable {
    package var editor = TextEditor("", isMultiline: false)
    package var selected = 0

    /// Commands whose name or title holds every word that was typed, those that begin with it first.
    var matches: [Command] {
        let words = editor.text.lowercased().split(separator: " ")
        let found = CommandRegistry.all.filter { command in
            let text = "\(command.id.rawValue) \(command.title)".lowercased()
            return words.allSatisfy { text.contains($0) }
        }
        guard let first = words.first else { return found }
        let starts = found.filter { $0.id.rawValue.hasPrefix(first) }
        return starts + found.filter { !$0.id.rawValue.hasPrefix(first) }
    }
}

/// Searching, with what was found so far.
package struct SearchState: Sendable {
    package var editor = TextEditor("", isMultiline: false)
    package var scope = SearchRequest.Scope.here
    package var topic: String?
    package var rows: [ThreadRow] = []
    /// Nil before the first answer.
    package var total: Total?
    package var selected = 0
    package var top = 0

    package struct Total: Hashable, Sendable {
        package var threads = 0
        /// There may be more than that.
        package var hasMore = false
    }

    var request: SearchRequest { SearchRequest(text: editor.text, scope: scope, topic: topic) }
}

/// A list with actions on its rows.
package struct ListState: Sendable {
    package let kind: ListKind
    /// Nil until they were read.
    package var items: [ListItem]?
    package var selected = 0
    package var top = 0

    var selectedItem: ListItem? {
        guard let items, items.indices.contains(selected) else { return nil }
        return items[selected]
    }
}

/// A question with one line for the answer.
package struct AskState: Sendable {
    package enum Purpose: Sendable {
        case giveBack(ListItem.Target)
        case reject(ListItem.Target)
        /// The answer is the reason, once `confirm` was typed.
        case revoke(ListItem.Target)
        case flag(PostID)
    }

    package let title: String
    package let help: String
    /// What must be typed to go on; nil for a free answer.
    package let confirm: String?
    package let purpose: Purpose
    package var editor = TextEditor("", isMultiline: false)
    package var problem: String?
}

/// The first run: an invitation is taken.
package struct JoinState: Sendable {
    package var editor = TextEditor("", isMultiline: false)
    package var isJoining = false
    package var problem: String?
}
