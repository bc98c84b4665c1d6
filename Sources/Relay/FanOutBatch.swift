package import LessonModel
import NIOCore
package import Storage
import Wire

/// Posts of one transaction on their way to every event loop: each encoded once for all its receivers.
package struct FanOutBatch: Sendable {
    /// So many posts fit the bit mask by which a receiver's share is kept.
    package static let maxPosts = 64
    /// A receiver gets a batch in one write, however little it has read of the one before: more bytes go in a further
    /// batch, unless they are of one post.
    static let maxBytes = 256 << 10

    struct Entry: Sendable {
        var post: LoggedPost
        /// The Deliver frame with its length.
        var frame: ByteBuffer
    }

    let entries: [Entry]
    /// The named clients of the organisations that an AMBER post names, as they were when the posts were stored.
    private let clients: [OrganisationSlug: Set<OrganisationSlug>]

    package init(_ posts: ArraySlice<LoggedPost>, clients: (OrganisationSlug) -> Set<OrganisationSlug>) {
        precondition(posts.count <= FanOutBatch.maxPosts, "a batch has at most \(FanOutBatch.maxPosts) posts")
        var named: [OrganisationSlug: Set<OrganisationSlug>] = [:]
        for visibility in posts.flatMap({ [$0.visibility, $0.threadVisibility].compactMap(\.self) })
        where visibility.marking == .amber {
            for slug in visibility.audience.organisations where named[slug] == nil { named[slug] = clients(slug) }
        }
        self.clients = named
        entries = posts.map { post in
            var frame = ByteBuffer()
            DeliverEncoder.write(post.stored, into: &frame)
            return Entry(post: post, frame: frame)
        }
    }

    /// So many of the first of `posts` as make one batch; at least one.
    static func prefix(of posts: ArraySlice<LoggedPost>) -> ArraySlice<LoggedPost> {
        var bytes = 0
        let end = posts.prefix(maxPosts).firstIndex { post in
            bytes += post.stored.post.content.count
            return bytes > maxBytes
        }
        guard let end else { return posts.prefix(maxPosts) }
        return posts[posts.startIndex..<max(end, posts.startIndex + 1)]
    }

    var head: SequenceNumber { entries.last?.post.stored.sequence ?? 0 }

    func allows(_ entry: Entry, _ viewer: Viewer) -> Bool {
        let clients = { (slug: OrganisationSlug) in self.clients[slug] ?? [] }
        return entry.post.visibility.allows(viewer, clients: clients)
            && entry.post.threadVisibility?.allows(viewer, clients: clients) ?? true
    }
}
