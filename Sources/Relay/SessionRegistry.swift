import LessonModel
import NIOCore
import Synchronization
import Wire

/// All open sessions by member, so that a revocation or suspension ends them at once, and counts for the limits.
final class SessionRegistry: Sendable {
    private struct Entry: Sendable {
        let session: SessionHandler
        let principal: Principal
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var perOrganisation: [OrganisationSlug: Int] = [:]
    }

    private let limits: RelayLimits
    private let state = Mutex(State())

    init(limits: RelayLimits) {
        self.limits = limits
    }

    var count: Int { state.withLock { $0.entries.count } }

    func count(of organisation: OrganisationSlug) -> Int {
        state.withLock { $0.perOrganisation[organisation, default: 0] }
    }

    /// - Returns: false when a limit is reached; nothing was added.
    func add(_ session: SessionHandler, _ principal: Principal) -> Bool {
        state.withLock { state in
            let slug = principal.organisation.slug
            guard state.entries.count < limits.maxSessions,
                state.perOrganisation[slug, default: 0] < limits.maxSessionsPerOrganisation
            else { return false }
            state.entries[ObjectIdentifier(session)] = Entry(session: session, principal: principal)
            state.perOrganisation[slug, default: 0] += 1
            return true
        }
    }

    func remove(_ session: SessionHandler) {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: ObjectIdentifier(session)) else { return }
            let slug = entry.principal.organisation.slug
            state.perOrganisation[slug, default: 1] -= 1
            if state.perOrganisation[slug] == 0 { state.perOrganisation[slug] = nil }
        }
    }

    /// Ends every session whose member, organisation or certificate is in force no more. Other changes, such as of roles,
    /// are seen by a session's next request.
    /// - Returns: how many.
    @discardableResult
    func endStale(_ membership: Membership) -> Int {
        let entries = state.withLock { Array($0.entries.values) }
        var ended = 0
        for entry in entries {
            let principal = entry.principal
            guard
                case .failure(let refusal) = membership.principal(principal.member.id, principal.certificateFingerprint)
            else { continue }
            ended += 1
            let session = entry.session
            session.loop.eventLoop.execute { session.end(refusal.code, refusal.reason) }
        }
        return ended
    }

    /// Has every session's stream take the filters that `change` makes of its own. Blocks until all have; on a loop of
    /// its own, a session's is changed at once.
    func changeFilters(_ change: @escaping @Sendable (SubscriptionFilter) -> SubscriptionFilter) throws {
        let sessions = state.withLock { $0.entries.values.map(\.session) }
        let changes = sessions.compactMap { session -> EventLoopFuture<Void>? in
            let eventLoop = session.loop.eventLoop
            guard !eventLoop.inEventLoop else {
                session.changeFilters(change)
                return nil
            }
            return eventLoop.submit { session.changeFilters(change) }
        }
        for change in changes { try change.wait() }
    }

    /// Tells a member's other connections that marks have changed.
    func tell(_ member: MemberID, of marks: WireThreadMarkList, except own: ObjectIdentifier) {
        let others = state.withLock { state in
            state.entries.filter { $0.key != own && $0.value.principal.member.id == member }.map(\.value.session)
        }
        for session in others { session.loop.eventLoop.execute { session.notify(.threadMarkList(marks)) } }
    }

    func endAll(_ code: WireErrorCode, _ reason: String, retryAfterMs: UInt32) {
        let entries = state.withLock { Array($0.entries.values) }
        for entry in entries {
            entry.session.loop.eventLoop.execute { entry.session.end(code, reason, retryAfterMs: retryAfterMs) }
        }
    }
}
