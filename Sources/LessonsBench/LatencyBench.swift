import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Relay

struct LatencyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "Publish to delivery at a fixed rate.",
        discussion: """
            Times run from when a post was due, so that a stall counts for every post it delays. The relay has its usual \
            limits.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers.") var subscribers = 10
    @Option(help: "Posts a second.") var rate = 500
    @Option(help: "Seconds.") var seconds = 10
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay, limits: RelayLimits()) { relay in
            let posts = rate * seconds
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            let load = try relay.member.posts(posts, bytes: bytes, topic: BenchRelay.topic)
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
            let note = try await eventLoop.submit { recorder.summary() }.get()
            return Figure(
                "latency, \(subscribers) subscriber(s), \(rate) posts/s", operations: posts * subscribers, wall: wall,
                cpu: relay.cpuTime - cpu, note: note)
        }
    }
}
