import NIOCore
import Testing
import Wire

@testable import RelayClient

@Suite struct RequestTableTests {
    private func waiting(_ id: UInt64) -> RequestTable.Waiting {
        RequestTable.Waiting(id: id, frame: ByteBuffer(integer: id), response: PendingResponse())
    }

    @Test func `requests over the limit wait and leave in order, each when an answer comes`() {
        var table = RequestTable(maxPublishes: 2, maxOthers: 1)
        #expect(table.submit(waiting(1), kind: .publish) != nil)
        #expect(table.submit(waiting(2), kind: .publish) != nil)
        #expect(table.submit(waiting(3), kind: .publish) == nil)
        #expect(table.submit(waiting(4), kind: .publish) == nil)
        // The other kind has a limit of its own.
        #expect(table.submit(waiting(5), kind: .other) != nil)
        #expect(table.submit(waiting(6), kind: .other) == nil)
        let done = PendingResponse.Outcome.success(.done(WireDone()))
        #expect(table.answer(2, done)?.getInteger(at: 0, as: UInt64.self) == 3)
        #expect(table.answer(1, done)?.getInteger(at: 0, as: UInt64.self) == 4)
        #expect(table.answer(3, done) == nil)
        #expect(table.answer(5, done)?.getInteger(at: 0, as: UInt64.self) == 6)
    }

    @Test func `an answer that nobody waits for, or that comes twice, changes nothing`() {
        var table = RequestTable(maxPublishes: 1, maxOthers: 1)
        let done = PendingResponse.Outcome.success(.done(WireDone()))
        #expect(table.answer(9, done) == nil)
        #expect(table.submit(waiting(1), kind: .other) != nil)
        #expect(table.submit(waiting(2), kind: .other) == nil)
        #expect(table.answer(1, done) != nil)
        #expect(table.answer(1, done) == nil)
        #expect(table.submit(waiting(3), kind: .other) == nil)
    }

    @Test func `the end of the connection fails those on their way and those that wait`() async {
        var table = RequestTable(maxPublishes: 1, maxOthers: 1)
        let first = waiting(1)
        let second = waiting(2)
        _ = table.submit(first, kind: .publish)
        _ = table.submit(second, kind: .publish)
        table.failAll(.disconnected("gone"))
        for request in [first, second] {
            await #expect(throws: ClientError.disconnected("gone")) { try await request.response.value() }
        }
    }
}

@Suite struct KeepaliveTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func `a silent line is asked after half the time, and is dead after twice the time`() throws {
        var keepalive = try #require(Keepalive(milliseconds: 10_000, now: start))
        #expect(keepalive.step(at: start) == .wait(until: start + .seconds(5)))
        let asked = start + .seconds(5)
        #expect(keepalive.step(at: asked) == .ping(thenWaitUntil: asked + .seconds(5)))
        keepalive.noteSent(at: asked)
        keepalive.noteReceived(at: asked + .milliseconds(20))
        #expect(keepalive.step(at: asked + .seconds(1)) == .wait(until: asked + .seconds(5)))
        #expect(keepalive.step(at: asked + .seconds(21)) == .dead)
    }

    @Test func `what is only received does not keep the relay from closing an idle client`() throws {
        var keepalive = try #require(Keepalive(milliseconds: 10_000, now: start))
        keepalive.noteReceived(at: start + .seconds(5))
        guard case .ping = keepalive.step(at: start + .seconds(5)) else {
            Issue.record("the relay hears nothing of a client that only receives")
            return
        }
    }

    @Test func `a relay that wants no keepalive gets none`() {
        #expect(Keepalive(milliseconds: 0, now: start) == nil)
    }
}

@Suite struct DeliveryCreditTests {
    @Test func `a post without credit is refused, also after an overdraft`() {
        var credit = DeliveryCredit()
        #expect(credit.use(frameBytes: 10) == false)
        credit.grant(posts: 2, bytes: 1_000)
        #expect(credit.use(frameBytes: 900) == true)
        #expect(credit.use(frameBytes: 900) == true)
        #expect(credit.use(frameBytes: 1) == false)
        credit.grant(posts: 10, bytes: 100)
        #expect(credit.bytes == 100)
    }

    @Test func `bytes far over the credit are refused`() {
        var credit = DeliveryCredit()
        credit.grant(posts: 1_000, bytes: 1)
        #expect(credit.use(frameBytes: 3 << 20) == true)
        #expect(credit.use(frameBytes: 1) == false)
    }

    @Test func `absurd grants cannot overflow`() {
        var credit = DeliveryCredit()
        for _ in 0..<3 { credit.grant(posts: .max, bytes: .max) }
        #expect(credit.posts == DeliveryCredit.maxPosts && credit.bytes == DeliveryCredit.maxBytes)
    }
}

@Suite struct StreamEventsTests {
    @Test func `events come in order, in batches of what is there`() async {
        let events = StreamEvents()
        var first: [StreamEvent] = [.caughtUp(through: 1), .caughtUp(through: 2), .caughtUp(through: 3)]
        events.append(&first)
        #expect(await events.nextBatch(limit: 2) == [.caughtUp(through: 1), .caughtUp(through: 2)])
        events.end(with: .closed(nil))
        #expect(await events.nextBatch() == [.caughtUp(through: 3), .closed(nil)])
        #expect(await events.nextBatch() == nil)
        #expect(await events.next() == nil)
    }

    @Test func `a reader that waits is woken by an event, and by cancellation`() async {
        let events = StreamEvents()
        async let waited = events.next()
        var one: [StreamEvent] = [.caughtUp(through: 5)]
        events.append(&one)
        #expect(await waited == .caughtUp(through: 5))
        let task = Task { await events.next() }
        task.cancel()
        #expect(await task.value == nil)
    }

    @Test func `nothing follows the end`() async {
        let events = StreamEvents()
        events.end(with: .closed(.disconnected("gone")))
        var late: [StreamEvent] = [.caughtUp(through: 5)]
        events.append(&late)
        events.end(with: .closed(nil))
        var all: [StreamEvent] = []
        for await event in events { all.append(event) }
        #expect(all == [.closed(.disconnected("gone"))])
    }
}
