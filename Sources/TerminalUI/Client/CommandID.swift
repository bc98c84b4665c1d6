/// A command's registered name: as it is typed after `:` and bound to keys in the configuration.
package enum CommandID: String, CaseIterable, Sendable {
    // Moving.
    case up, down, pageUp = "page-up", pageDown = "page-down", top, bottom
    case open, back, nextPane = "next-pane", previousPane = "previous-pane"
    case nextUnread = "next-unread", nextPost = "next-post", previousPost = "previous-post"
    // Lists of threads.
    case search, searchRelay = "search-relay", unreadOnly = "unread-only", filterState = "filter-state"
    case markRead = "mark-read", markAllRead = "mark-all-read", mute, follow
    case subscribe = "subscribe-topic"
    // A thread.
    case reply, endorse, apply, translate, revise, state, redact, fold, language, copyID = "copy-id"
    case saveFiles = "save-files", flag
    // Writing.
    case post, send, externalEditor = "editor", nextField = "next-field", previousField = "previous-field"
    // Lists.
    case outbox, drafts, subscriptions, queue, owed
    case organisations, members, invitations, certificates, audit
    case retry, drop, approve, giveBack = "return", reject, revoke, invite
    // The program.
    case refresh, offline, theme, mouse, notify, help, palette, redraw, suspend, quit
}
