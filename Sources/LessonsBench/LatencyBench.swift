import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import PKI
import Relay

struct LatencyBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "Publish to delivery at a fixed rate.",
        discussion: """
            Times run from when a post was due, so that a stall counts for every post it delays. --stalled and --garbage add \
            peers that are not measured: subscribers that read nothing, and members that connect and send bytes that are no \
            frames, again and again. The relay has its usual limits.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers.") var subscribers = 10
    @Option(help: "Posts a second.") var rate = 500
    @Option(help: "Seconds.") var seconds = 10
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024
    @Option(help: "Subscribers beside that stop reading.") var stalled = 0
    @Option(help: "Members beside that send garbage.") var garbage = 0

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay, limits: RelayLimits()) { relay in
            let posts = rate * seconds
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            for _ in 0..<stalled {
                let peer = try await relay.subscribe("policing/#")
                try await peer.channel.setOption(ChannelOptions.autoRead, value: false).get()
            }
            // Apart, so that they do not keep the measuring loop from its work.
            let hostileGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let hostile = (0..<garbage).map { _ in
                Task { [relay = UncheckedRelay(relay)] in await sendGarbage(to: relay.value, on: hostileGroup) }
            }
            let memory = relay.residentKiB
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
            for task in hostile {
                task.cancel()
                await task.value
            }
            try? await hostileGroup.shutdownGracefully()
            var note = try await eventLoop.submit { recorder.summary }.get()
            if stalled + garbage > 0 {
                note += String(format: ", %.1f MiB more resident", Double(relay.residentKiB - memory) / 1_024)
            }
            return Figure(
                "latency, \(subscribers) subscriber(s), \(rate) posts/s", operations: posts * subscribers, wall: wall,
                cpu: relay.cpuTime - cpu, note: note)
        }
    }

    /// Connects as a member, is welcomed, and sends what is no frame; until the task is cancelled.
    private func sendGarbage(to relay: BenchRelay, on group: MultiThreadedEventLoopGroup) async {
        // Made once: making it up each time would cost the machine more than sending it.
        let garbage = ByteBuffer(bytes: SecureRandom.bytes(1_024))
        while !Task.isCancelled {
            guard let peer = try? await relay.connect(on: group) else { continue }
            for _ in 0..<64 { try? await peer.channel.writeAndFlush(garbage).get() }
            peer.close()
        }
    }
}
