import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import PKI
import Relay

struct HostileBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostile", abstract: "Publish to delivery with and without hostile peers, by turns.",
        discussion: """
            In each second window of time some peers misbehave: subscribers that stop reading, and members that connect and \
            send bytes that are no frames, again and again. The windows of both kinds are measured apart, on one relay with \
            its usual limits, but that silent peers stay, and with the same subscribers, so that what else the machine \
            does concerns both alike. The first window is not measured.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers that are measured.") var subscribers = 1_000
    @Option(help: "Posts a second.") var rate = 10
    @Option(help: "Windows of each kind.") var windows = 6
    @Option(help: "Seconds of a window.") var seconds = 10
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024
    @Option(help: "Subscribers that stop reading.") var stalled = 1
    @Option(help: "Members that send garbage.") var garbage = 1

    func run() async throws { try options.print(try await figures()) }

    private func figures() async throws -> [Figure] {
        var limits = RelayLimits()
        // The subscribers here say nothing by themselves.
        limits.keepaliveSeconds = 0
        return try await BenchRelay.with(options.relay, limits: limits) { relay in
            let perWindow = rate * seconds
            let load = try relay.member.posts((2 * windows + 1) * perWindow, bytes: bytes, topic: BenchRelay.topic)
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            let recorder = LatencyRecorder(
                interval: .nanoseconds(1_000_000_000 / Int64(rate)), kinds: 3,
                kind: { index in index < perWindow ? 2 : index / perWindow % 2 })
            let eventLoop = author.channel.eventLoop
            try await eventLoop.submit { [peers] in
                for peer in peers {
                    peer.onDelivery = { recorder.received(peer.deliveries - 1, at: .now()) }
                }
            }.get()
            // Apart, so that they do not keep the measuring loop from its work.
            let hostileGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let memory = relay.residentKiB
            var most = memory
            var windowCPU: [[Duration]] = [[], []]
            var hostile: [Task<Void, any Error>] = []
            let started = ContinuousClock.now
            try await eventLoop.submit {
                recorder.begin(at: .now())
                for (index, body) in load.enumerated() {
                    eventLoop.scheduleTask(deadline: recorder.due(index)) { _ = author.send(body, flush: true) }
                }
            }.get()
            for window in 0..<(2 * windows + 1) {
                let end = recorder.due((window + 1) * perWindow)
                let cpu = relay.cpuTime
                // Window 0 warms up; after it the odd ones are hostile.
                if window % 2 == 1 {
                    hostile.append(
                        Task { [relay = UncheckedRelay(relay)] in
                            try await misbehave(relay.value, hostileGroup, until: end)
                        })
                }
                try await eventLoop.scheduleTask(deadline: end) {}.futureResult.get()
                if window > 0 { windowCPU[window % 2].append(relay.cpuTime - cpu) }
                most = max(most, relay.residentKiB)
            }
            for peer in peers { try await peer.received(load.count).get() }
            let wall = ContinuousClock.now - started
            for task in hostile { try await task.value }
            try? await hostileGroup.shutdownGracefully()
            let summaries = try await eventLoop.submit { (0..<2).map(recorder.summary(of:)) }.get()
            return zip(["without hostile peers", "with hostile peers"], 0..<2).map { name, kind in
                var note = summaries[kind]
                if kind == 1 {
                    note += String(format: ", at most %.1f MiB more resident", Double(most - memory) / 1_024)
                }
                return Figure(
                    "\(name), \(subscribers) subscriber(s), \(rate) posts/s",
                    operations: windows * perWindow * subscribers,
                    wall: wall * windows / (2 * windows + 1), cpu: windowCPU[kind].reduce(.zero, +), note: note)
            }
        }
    }

    /// Returns when the hostile peers have gone.
    private func misbehave(
        _ relay: BenchRelay, _ group: MultiThreadedEventLoopGroup, until end: NIODeadline
    ) async throws {
        var silent: [BenchPeer] = []
        for _ in 0..<stalled {
            let peer = try await relay.subscribe("policing/#")
            try await peer.channel.setOption(ChannelOptions.autoRead, value: false).get()
            silent.append(peer)
        }
        let senders = (0..<garbage).map { _ in
            Task { [relay = UncheckedRelay(relay)] in await relay.value.sendGarbage(on: group, until: end) }
        }
        try await group.next().scheduleTask(deadline: end) {}.futureResult.get()
        for peer in silent { peer.close() }
        // One that the relay lets wait comes back a little later.
        for sender in senders { await sender.value }
    }
}

extension BenchRelay {
    /// Connects as a member, is welcomed, and sends what is no frame; again and again.
    func sendGarbage(on group: MultiThreadedEventLoopGroup, until end: NIODeadline = .distantFuture) async {
        // Made once: making it up each time would cost the machine more than sending it.
        let garbage = ByteBuffer(bytes: SecureRandom.bytes(1_024))
        while !Task.isCancelled, .now() < end {
            guard let peer = try? await connect(on: group) else { continue }
            for _ in 0..<64 { try? await peer.channel.writeAndFlush(garbage).get() }
            peer.close()
        }
    }
}
