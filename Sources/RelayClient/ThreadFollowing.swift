package import LessonModel
package import Storage
internal import Wire

/// Makes a device's subscription select the threads that the member follows, beside whatever else it selects.
package struct ThreadFollowing: Sendable {
    private let mirror: ClientMirror
    private let durable: String

    package init(_ mirror: ClientMirror, durable: String) {
        self.mirror = mirror
        self.durable = durable
    }

    /// - Returns: threads that the subscription selects from now on, whose earlier posts it does not bring; nil when nothing
    ///   was changed. After a change a stream must begin anew.
    package func update(over connection: RelayConnection) async throws(ClientError) -> Set<PostID>? {
        let followed: Set<PostID>
        do { followed = try mirror.followedThreads() } catch { throw .storage(error) }
        let own = try await connection.subscriptions().first { $0.durable == durable }
        let filters = (own?.filters ?? []).compactMap { try? $0.value() }
        let known = filters.reduce(into: Set<PostID>()) { $0.formUnion($1.threads) }
        let wanted = Set(followed.sorted().suffix(SubscriptionFilter.maxThreads))
        guard known != wanted else { return nil }
        let rest = filters.filter { $0.threads.isEmpty } + (wanted.isEmpty ? [] : [SubscriptionFilter(threads: wanted)])
        guard !rest.isEmpty else {
            try await connection.unsubscribe(durable: durable)
            return []
        }
        var request = WireSubscribe()
        request.durable = durable
        request.filters = rest.map(WireFilter.init)
        request.replace = true
        _ = try await connection.subscribe(request)
        return wanted.subtracting(known)
    }
}
