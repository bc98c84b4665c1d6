import Foundation
import LessonModel
import Storage
import Wire

/// A member's marks on threads, shared by their devices.
extension RelayCore {
    static let maxSetMarks = 500
    static let maxListedMarks = 1_000

    func setMarks(_ request: WireSetThreadMarks, _ principal: Principal) throws -> WireThreadMarkList {
        guard request.marks.count <= RelayCore.maxSetMarks else {
            throw RequestRefusal(.invalid, "set at most \(RelayCore.maxSetMarks) marks at once", field: "marks")
        }
        let marks = try request.marks.map { mark -> (mark: ThreadMark, isUnread: Bool) in
            guard let thread = PostID(bytes: mark.threadID) else {
                throw RequestRefusal(.invalid, "a thread's id is 16 bytes", field: "thread_id")
            }
            guard mark.readThrough >= 0, let attention = ThreadMark.Attention(rawValue: mark.attention.rawValue) else {
                throw RequestRefusal(.invalid, "a mark's number or attention makes no sense", field: "marks")
            }
            return (ThreadMark(thread: thread, readThrough: mark.readThrough, attention: attention), mark.unread)
        }
        var reply = WireThreadMarkList()
        reply.version = try store.setThreadMarks(marks, of: principal.member.id)
        return reply
    }

    func marks(_ request: WireListThreadMarks, _ principal: Principal) throws -> WireThreadMarkList {
        guard request.limit <= UInt32(RelayCore.maxListedMarks) else {
            throw RequestRefusal(.invalid, "list at most \(RelayCore.maxListedMarks) marks at once", field: "limit")
        }
        let limit = request.limit == 0 ? 500 : Int(request.limit)
        let (found, version) = try store.threadMarks(
            of: principal.member.id, after: request.afterVersion, limit: limit + 1)
        var reply = WireThreadMarkList()
        reply.version = version
        reply.more = found.count > limit
        reply.marks = found.prefix(limit).map { entry in
            var mark = WireThreadMark()
            mark.threadID = Data(entry.mark.thread.bytes)
            mark.readThrough = entry.mark.readThrough
            mark.attention = WireThreadAttention(rawValue: entry.mark.attention.rawValue) ?? .normal
            mark.version = entry.version
            return mark
        }
        return reply
    }
}
