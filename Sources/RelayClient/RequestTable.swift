internal import NIOCore
internal import Wire

/// The requests of one connection that wait for their answer, and those that wait for a place, within the relay's limits.
///
/// Requests that stand outside the limits wait here in order, publishes apart from the others.
struct RequestTable {
    enum Kind: Int {
        case publish = 0
        case other = 1
    }

    struct Waiting {
        let id: UInt64
        let frame: ByteBuffer
        let response: PendingResponse
    }

    private struct Lane {
        var limit: Int
        var inFlight = 0
        var waiting: [Waiting] = []
        var head = 0

        mutating func popFirst() -> Waiting? {
            guard head < waiting.count else { return nil }
            let first = waiting[head]
            head += 1
            if head == waiting.count || head > 1_024 {
                waiting.removeFirst(head)
                head = 0
            }
            return first
        }
    }

    private var lanes: [Lane]
    private var inFlight: [UInt64: (kind: Kind, response: PendingResponse)] = [:]

    init(maxPublishes: Int, maxOthers: Int) {
        lanes = [Lane(limit: max(1, maxPublishes)), Lane(limit: max(1, maxOthers))]
    }

    /// Takes a request in.
    /// - Returns: the frame when it may be sent now.
    mutating func submit(_ request: Waiting, kind: Kind) -> ByteBuffer? {
        guard lanes[kind.rawValue].inFlight < lanes[kind.rawValue].limit else {
            lanes[kind.rawValue].waiting.append(request)
            return nil
        }
        return start(request, kind: kind)
    }

    /// Hands an answer over; one that no request waits for changes nothing.
    /// - Returns: a frame that waited for a place and may be sent now.
    mutating func answer(_ id: UInt64, _ outcome: PendingResponse.Outcome) -> ByteBuffer? {
        guard let entry = inFlight.removeValue(forKey: id) else { return nil }
        lanes[entry.kind.rawValue].inFlight -= 1
        entry.response.complete(outcome)
        return lanes[entry.kind.rawValue].popFirst().map { start($0, kind: entry.kind) }
    }

    /// Nothing will be answered any more.
    mutating func failAll(_ error: ClientError) {
        for entry in inFlight.values { entry.response.complete(.failure(error)) }
        inFlight.removeAll()
        for index in lanes.indices {
            lanes[index].inFlight = 0
            while let request = lanes[index].popFirst() { request.response.complete(.failure(error)) }
        }
    }

    private mutating func start(_ request: Waiting, kind: Kind) -> ByteBuffer {
        lanes[kind.rawValue].inFlight += 1
        inFlight[request.id] = (kind, request.response)
        return request.frame
    }
}
