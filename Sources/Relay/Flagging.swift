import Foundation
import LessonModel
import Storage
import Wire

/// Flags on posts: told by anybody who may see the post, seen and closed by those who curate its topic and may see it too.
extension RelayCore {
    func flag(_ request: WireFlagPost, _ principal: Principal) throws -> WireDone {
        guard let post = PostID(bytes: request.postID) else {
            throw RequestRefusal(.invalid, "post_id must be 16 bytes", field: "post_id")
        }
        let reason = try flagText(request.reason, "reason", "say what is wrong with the post")
        try store.flag(post, by: principal.viewer, reason: reason, at: clock()) { topic in
            entry("post.flag", principal, ["topic": topic.path])
        }
        return WireDone()
    }

    func flags(_ request: WireListFlags, _ principal: Principal) throws -> WireFlagList {
        let limit = try pageLimit(request.limit, standard: 50)
        var reply = WireFlagList()
        var after = request.after
        while reply.flags.count < limit {
            let page = try store.flags(mine: request.mine, after: after, limit: 100, viewer: principal.viewer)
            for flag in page where request.mine || AccessPolicy.mayCurate(flag.topic, principal) {
                guard reply.flags.count < limit else {
                    reply.more = true
                    return reply
                }
                reply.flags.append(wire(flag))
            }
            guard page.count == 100, let last = page.last else { return reply }
            after = last.number
        }
        reply.more = true
        return reply
    }

    func close(_ request: WireCloseFlag, _ principal: Principal) throws -> WireDone {
        let outcome = try flagText(request.outcome, "outcome", "tell whoever flagged the post what came of it")
        guard let flag = try store.openFlag(request.number, viewer: principal.viewer),
            AccessPolicy.mayCurate(flag.topic, principal)
        else {
            throw RequestRefusal(
                .notFound, "no flag is open for you under that number; `lessons queue flags` lists those that are",
                field: "number")
        }
        try store.closeFlag(
            flag.number, outcome: outcome,
            audit: entry("post.unflag", principal, ["topic": flag.topic.path, "number": "\(flag.number)"]))
        return WireDone()
    }

    private func flagText(_ text: String, _ field: String, _ missing: String) throws -> String {
        guard text.contains(where: { !$0.isWhitespace }) else { throw RequestRefusal(.invalid, missing, field: field) }
        guard text.utf8.count <= PostFlag.maxTextBytes else {
            throw RequestRefusal(
                .invalid, "the \(field) is longer than \(PostFlag.maxTextBytes) bytes", field: field)
        }
        return text
    }

    private func wire(_ flag: PostFlag) -> WireFlag {
        var wire = WireFlag()
        wire.number = flag.number
        wire.postID = Data(flag.post.bytes)
        wire.sequence = flag.sequence
        wire.topic = flag.topic.path
        if let member = membership.member(flag.member) { wire.member = WireMember(member, showsRoles: false) }
        wire.reason = flag.reason
        wire.flaggedAtMs = flag.flaggedAt
        wire.closedAtMs = flag.closedAt
        wire.outcome = flag.outcome
        return wire
    }
}
