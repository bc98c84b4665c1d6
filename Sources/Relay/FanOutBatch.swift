import LessonModel
import NIOCore
package import Storage
import Wire

/// Posts of one transaction on their way to every event loop: each encoded once for all its receivers.
package struct FanOutBatch: Sendable {
    /// So many posts fit the bit mask by which a receiver's share is kept.
    package static let maxPosts = 64

    struct Entry: Sendable {
        var post: LoggedPost
        /// The Deliver frame with its length.
        var frame: ByteBuffer
    }

    let entries: [Entry]
    /// The named clients of organisations, as they were when the posts were stored.
    let directory: DirectorySnapshot

    package init(_ posts: ArraySlice<LoggedPost>, directory: DirectorySnapshot) {
        precondition(posts.count <= FanOutBatch.maxPosts, "a batch has at most \(FanOutBatch.maxPosts) posts")
        self.directory = directory
        entries = posts.map { post in
            var frame = ByteBuffer()
            DeliverEncoder.write(post.stored, into: &frame)
            return Entry(post: post, frame: frame)
        }
    }

    var head: SequenceNumber { entries.last?.post.stored.sequence ?? 0 }

    func allows(_ entry: Entry, _ viewer: Viewer) -> Bool {
        let clients = { (slug: OrganisationSlug) in directory.organisations[slug]?.clients ?? [] }
        return entry.post.visibility.allows(viewer, clients: clients)
            && entry.post.threadVisibility?.allows(viewer, clients: clients) ?? true
    }
}
