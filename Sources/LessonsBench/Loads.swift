import ArgumentParser
import Foundation
import Histogram
import LessonModel
import NIOCore
import Wire

private let topic = "policing/community"

struct PublishBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Acknowledged, durable, verified posts.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Connections that post.") var authors = 1
    @Option(help: "Posts in flight in all.") var inFlight = 64
    @Option(help: "Posts in all.") var posts = 10_000
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        let relay = try await BenchRelay.start(program: options.relay)
        do {
            let each = posts / authors
            var peers: [BenchPeer] = []
            var loads: [[WireFrame.OneOf_Body]] = []
            for _ in 0..<authors {
                peers.append(try await relay.connect())
                loads.append(try relay.member.posts(each, bytes: bytes, topic: topic))
            }
            let cpu = relay.cpuTime
            let inFlightEach = max(1, inFlight / authors)
            let wall = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (peer, load) in zip(peers, loads) {
                        group.addTask { try await peer.pump(load, inFlight: inFlightEach) }
                    }
                    try await group.waitForAll()
                }
            }
            let figure = Figure(
                "publish, \(authors) author(s), \(inFlight) in flight", operations: each * authors, wall: wall,
                cpu: relay.cpuTime - cpu, note: "durable, signature verified")
            await relay.stop()
            return figure
        } catch {
            await relay.stop()
            throw error
        }
    }
}

struct FanOutBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "One author, many subscribers; deliveries.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers.") var subscribers = 100
    @Option(help: "Deliveries in all, about.") var deliveries = 500_000
    @Option(help: "Posts in flight.") var inFlight = 64
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        let relay = try await BenchRelay.start(program: options.relay)
        do {
            let posts = max(100, min(deliveries / subscribers, 20_000))
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            let load = try relay.member.posts(posts, bytes: bytes, topic: topic)
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                let all = peers.map { $0.received(posts) }
                try await author.pump(load, inFlight: inFlight)
                for future in all { try await future.get() }
            }
            let figure = Figure(
                "fan-out, \(subscribers) subscriber(s)", operations: posts * subscribers, wall: wall,
                cpu: relay.cpuTime - cpu, note: "\(posts) posts, publishing included")
            await relay.stop()
            return figure
        } catch {
            await relay.stop()
            throw error
        }
    }
}

struct LatencyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "Publish to delivery at a fixed rate.",
        discussion: "Times run from when a post was due, so that a stall counts for every post it delays.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers.") var subscribers = 10
    @Option(help: "Posts a second.") var rate = 500
    @Option(help: "Seconds.") var seconds = 10
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        let relay = try await BenchRelay.start(program: options.relay)
        do {
            let posts = rate * seconds
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            let load = try relay.member.posts(posts, bytes: bytes, topic: topic)
            let recorder = LatencyRecorder(interval: .nanoseconds(1_000_000_000 / Int64(rate)))
            let eventLoop = author.channel.eventLoop
            try await eventLoop.submit { [peers] in
                for peer in peers {
                    peer.onDelivery = { recorder.received(peer.deliveries - 1, at: .now()) }
                }
            }.get()
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                let all = peers.map { $0.received(posts) }
                eventLoop.execute {
                    recorder.begin(at: .now())
                    for (index, body) in load.enumerated() {
                        eventLoop.scheduleTask(deadline: recorder.due(index)) { _ = author.send(body, flush: true) }
                    }
                }
                for future in all { try await future.get() }
            }
            let figure = Figure(
                "latency, \(subscribers) subscriber(s), \(rate) posts/s", operations: posts * subscribers, wall: wall,
                cpu: relay.cpuTime - cpu, note: try await eventLoop.submit { recorder.summary }.get())
            await relay.stop()
            return figure
        } catch {
            await relay.stop()
            throw error
        }
    }
}

/// @unchecked: confined to the load generator's one event loop.
final class LatencyRecorder: @unchecked Sendable {
    private let interval: TimeAmount
    private var start = NIODeadline.now()
    private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    init(interval: TimeAmount) { self.interval = interval }

    func begin(at start: NIODeadline) { self.start = start + .milliseconds(50) }

    func due(_ index: Int) -> NIODeadline { start + .nanoseconds(interval.nanoseconds * Int64(index)) }

    func received(_ index: Int, at time: NIODeadline) {
        histogram.record(UInt64(max(0, (time - due(index)).nanoseconds)))
    }

    var summary: String {
        let values = [50, 99, 99.9].map { Double(histogram.valueAtPercentile($0)) / 1e6 }
        return String(format: "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms", values[0], values[1], values[2])
    }
}

struct ConnectBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "New mutual TLS 1.3 connections, up to Welcome.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Connections in all.") var connections = 2_000
    @Option(help: "Being opened at once.") var atOnce = 16

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        let relay = try await BenchRelay.start(program: options.relay)
        do {
            let share = connections / atOnce
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<atOnce {
                        group.addTask { [relay = UncheckedRelay(relay)] in
                            for _ in 0..<share { try await relay.value.connect().close() }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let figure = Figure(
                "new connections, \(atOnce) at once", operations: share * atOnce, wall: wall, cpu: relay.cpuTime - cpu)
            await relay.stop()
            return figure
        } catch {
            await relay.stop()
            throw error
        }
    }
}

/// @unchecked: all stored properties of a started relay are constant.
private struct UncheckedRelay: @unchecked Sendable {
    let value: BenchRelay
    init(_ value: BenchRelay) { self.value = value }
}

struct IdleBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Resident memory of connected, subscribed, idle sessions.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Sessions.") var sessions = 5_000

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        let relay = try await BenchRelay.start(program: options.relay)
        do {
            _ = try await relay.subscribe("policing/#")
            let before = relay.residentKiB
            let cpu = relay.cpuTime
            var peers: [BenchPeer] = []
            let wall = try await ContinuousClock().measure {
                for _ in 0..<sessions { peers.append(try await relay.subscribe("policing/#")) }
            }
            let after = relay.residentKiB
            let each = Double(after - before) / Double(sessions)
            let figure = Figure(
                "idle sessions", operations: sessions, wall: wall, cpu: relay.cpuTime - cpu,
                note: String(format: "%.1f KiB resident each (%d KiB before, %d after)", each, before, after))
            await relay.stop()
            return figure
        } catch {
            await relay.stop()
            throw error
        }
    }
}

struct AllBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "all", abstract: "The whole table.")

    @OptionGroup var options: BenchOptions

    func run() async throws {
        if !options.json { print(Figure.heading) }
        for (authors, inFlight, posts) in [(1, 1, 2_000), (1, 64, 20_000), (16, 64, 20_000)] {
            var bench = try PublishBench.parse([])
            bench.options = options
            bench.authors = authors
            bench.inFlight = inFlight
            bench.posts = posts
            try options.print([try await bench.figure()])
        }
        for subscribers in [1, 10, 100, 1_000] {
            var bench = try FanOutBench.parse([])
            bench.options = options
            bench.subscribers = subscribers
            try options.print([try await bench.figure()])
        }
        for (subscribers, rate) in [(10, 500), (100, 100), (1_000, 10)] {
            var bench = try LatencyBench.parse([])
            bench.options = options
            bench.subscribers = subscribers
            bench.rate = rate
            try options.print([try await bench.figure()])
        }
        var connect = try ConnectBench.parse([])
        connect.options = options
        try options.print([try await connect.figure()])
        var idle = try IdleBench.parse([])
        idle.options = options
        try options.print([try await idle.figure()])
    }
}
