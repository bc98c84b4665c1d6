internal import LessonModel
package import Storage
internal import Wire

/// Keeps the marks on threads the same on all devices of a member: tells the relay what was marked here, then takes over
/// what was marked elsewhere.
package struct MarkSynchronisation: Sendable {
    private static let batchMarks = 500

    private let mirror: ClientMirror

    package init(_ mirror: ClientMirror) { self.mirror = mirror }

    /// May be repeated at any time; a failure loses nothing. A relay of before there were marks is let be.
    /// - Returns: true when something here has changed.
    @discardableResult
    package func run(over connection: RelayConnection) async throws(ClientError) -> Bool {
        do throws(ClientError) { return try await exchange(connection) } catch {
            if case .request(let refused) = error, refused.code == .unsupported { return false }
            throw error
        }
    }

    private func exchange(_ connection: RelayConnection) async throws(ClientError) -> Bool {
        while true {
            let unsent = try local { () throws(StorageError) in try mirror.unsentMarks(limit: Self.batchMarks) }
            guard !unsent.isEmpty else { break }
            try await connection.setMarks(unsent)
            try local { () throws(StorageError) in try mirror.noteSent(unsent.map(\.mark)) }
        }
        var hasChanged = false
        while true {
            let version = try local { () throws(StorageError) in try mirror.marksVersion() }
            let page = try await connection.marks(after: version)
            let last = page.marks.last?.version ?? page.version
            guard last > version else { return hasChanged }
            let marks = page.marks.compactMap { mark -> ThreadMark? in
                guard let thread = PostID(bytes: mark.threadID),
                    let attention = ThreadMark.Attention(rawValue: mark.attention.rawValue)
                else { return nil }
                return ThreadMark(thread: thread, readThrough: mark.readThrough, attention: attention)
            }
            try local { () throws(StorageError) in try mirror.takeMarks(marks, version: last) }
            hasChanged = hasChanged || !marks.isEmpty
            guard page.more else { return hasChanged }
        }
    }

    private func local<R>(_ body: () throws(StorageError) -> R) throws(ClientError) -> R {
        do { return try body() } catch { throw .storage(error) }
    }
}
