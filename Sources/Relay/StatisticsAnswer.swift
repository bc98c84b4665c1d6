import LessonModel
import Storage
import Wire

extension RelayCore {
    func statistics(_ request: WireFetchStatistics, _ principal: Principal) throws -> WireStatistics {
        guard AccessPolicy.mayReadStatistics(principal) else {
            throw RequestRefusal(AccessPolicy.refusal("reading statistics", principal))
        }
        let found = try store.statistics(
            request.hasFilter ? try filter(request.filter) : nil, since: request.sinceMs > 0 ? request.sinceMs : nil,
            before: request.beforeMs > 0 ? request.beforeMs : nil, viewer: principal.viewer,
            decode: RelayCore.readContent)
        var reply = WireStatistics()
        reply.lessons = UInt32(clamping: found.lessons)
        reply.byState = found.byState.map(WireLessonCount.init)
        reply.byTopic = found.byTopic.map(WireLessonCount.init)
        reply.byCountry = found.byCountry.map(WireLessonCount.init)
        reply.byMonth = found.byMonth.map(WireLessonCount.init)
        if let learning = found.learning {
            reply.learned = UInt32(clamping: learning.lessons)
            reply.learningQuartilesMs = [learning.lowerQuartile, learning.median, learning.upperQuartile]
        }
        reply.unapplied = UInt32(clamping: found.unapplied)
        reply.minCell = UInt32(LessonStatistics.minCell)
        return reply
    }

    func owed(_ request: WireListOwed, _ viewer: Viewer) throws -> WireThreadList {
        guard request.filters.count <= limits.maxFilters else {
            throw RequestRefusal(.limitExceeded, "at most \(limits.maxFilters) filters are taken", field: "filters")
        }
        let limit = try pageLimit(request.limit, standard: 50)
        let filters = try request.filters.map { try filter($0) }
        let found = try store.owedReports(filters.isEmpty ? nil : filters, viewer: viewer, limit: limit)
        var reply = WireThreadList()
        reply.threads = found.map(WireThreadSummary.init)
        reply.more = found.count == limit
        return reply
    }
}

extension WireLessonCount {
    fileprivate init(_ count: LessonStatistics.Count) {
        self.init()
        name = count.name
        lessons = UInt32(clamping: count.lessons ?? 0)
        withheld = count.lessons == nil
    }
}
