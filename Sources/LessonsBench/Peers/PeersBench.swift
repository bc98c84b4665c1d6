import ArgumentParser
import Foundation
import NIOCore

struct PeersBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "The relay beside Mosquitto and NATS, under the same loads, in one run.",
        discussion: """
            The brokers are started like the relay, with certificates of the same kind, mutual TLS 1.3 and messages of the \
            same size; the load generator is the same event loop. They verify no signature and no audience; Mosquitto and NATS \
            without JetStream store nothing, JetStream syncs its files every two minutes. Each ratio is the relay's CPU time \
            for an operation by the broker's. Brokers that are not installed are left out.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Bytes of a message, about.") var bytes = 1_024
    @Option(help: "Deliveries in all of a fan-out, about.") var deliveries = 500_000
    @Option(help: "Seconds of each fixed rate.") var seconds = 10
    @Option(
        help: "A folder on a file system mounted with sync, for JetStream as a durable broker.", completion: .directory)
    var synchronousStore: String?
    @Option(help: "Only loads whose name begins with this: publish, fan-out, latency or connections.") var only = ""

    func run() async throws {
        let installed = BrokerKind.allCases.filter { kind in
            if kind.path == nil {
                print("\(kind.rawValue) is left out: \(kind.program) is not installed", to: &standardError)
            }
            return kind.path != nil && (kind != .jetStreamSynchronous || synchronousStore != nil)
        }
        if !options.json { print(Figure.heading) }
        for load in PeerLoad.all(deliveries: deliveries, seconds: seconds) where load.name.hasPrefix(only) {
            let own = try await load.relay(options, bytes: bytes)
            try options.print([own])
            for kind in installed where load.suits(kind) {
                var figure = try await load.broker(
                    kind, store: kind == .jetStreamSynchronous ? synchronousStore : nil, bytes: bytes)
                let ratio = own.relayMicrosecondsEach / figure.relayMicrosecondsEach
                figure.note = [String(format: "relay at %.2f of it", ratio), figure.note].filter { !$0.isEmpty }
                    .joined(separator: "; ")
                try options.print([figure])
            }
        }
    }
}

private struct StandardError: TextOutputStream {
    func write(_ string: String) { FileHandle.standardError.write(Data(string.utf8)) }
}

nonisolated(unsafe) private var standardError = StandardError()

/// One load, as the relay and as a broker take it.
enum PeerLoad {
    case publish(authors: Int, inFlight: Int, posts: Int)
    case fanOut(subscribers: Int, deliveries: Int)
    case latency(subscribers: Int, rate: Int, seconds: Int)
    case connections(Int, atOnce: Int)

    static func all(deliveries: Int, seconds: Int) -> [PeerLoad] {
        [
            .publish(authors: 1, inFlight: 1, posts: 2_000), .publish(authors: 1, inFlight: 64, posts: 20_000),
            .publish(authors: 16, inFlight: 64, posts: 20_000),
        ] + [1, 10, 100, 1_000].map { .fanOut(subscribers: $0, deliveries: deliveries) } + [
            .latency(subscribers: 10, rate: 500, seconds: seconds),
            .latency(subscribers: 100, rate: 100, seconds: seconds),
            .latency(subscribers: 1_000, rate: 10, seconds: seconds), .connections(1_000, atOnce: 16),
        ]
    }

    var name: String {
        switch self {
        case .publish(let authors, let inFlight, _): "publish, \(authors) author(s), \(inFlight) in flight"
        case .fanOut(let subscribers, _): "fan-out, \(subscribers) subscriber(s)"
        case .latency(let subscribers, let rate, _): "latency, \(subscribers) subscriber(s), \(rate) posts/s"
        case .connections(_, let atOnce): "connections, \(atOnce) at once"
        }
    }

    /// A push consumer differs from a core subscriber only where somebody subscribes.
    func suits(_ kind: BrokerKind) -> Bool {
        switch self {
        case .publish: kind != .jetStreamPush
        case .connections: kind == .mosquitto || kind == .nats
        case .fanOut, .latency: kind != .jetStreamSynchronous
        }
    }

    func relay(_ options: BenchOptions, bytes: Int) async throws -> Figure {
        switch self {
        case .publish(let authors, let inFlight, let posts):
            var bench = try PublishBench.parse([])
            (bench.options, bench.authors, bench.inFlight) = (options, authors, inFlight)
            (bench.posts, bench.bytes) = (posts, bytes)
            return try await bench.figure()
        case .fanOut(let subscribers, let deliveries):
            var bench = try FanOutBench.parse([])
            (bench.options, bench.subscribers, bench.deliveries) = (options, subscribers, deliveries)
            bench.bytes = bytes
            return try await bench.figure()
        case .latency(let subscribers, let rate, let seconds):
            var bench = try LatencyBench.parse([])
            (bench.options, bench.subscribers, bench.rate) = (options, subscribers, rate)
            (bench.seconds, bench.bytes) = (seconds, bytes)
            return try await bench.figure()
        case .connections(let count, let atOnce):
            var bench = try ConnectBench.parse([])
            (bench.options, bench.connections, bench.atOnce) = (options, count, atOnce)
            return try await bench.figure()
        }
    }

    func broker(_ kind: BrokerKind, store: String?, bytes: Int) async throws -> Figure {
        try await Broker.with(kind, store: store) { broker in
            switch self {
            case .publish(let authors, let inFlight, let posts):
                try await publish(broker, authors, inFlight, posts / authors, bytes)
            case .fanOut(let subscribers, let deliveries):
                try await fanOut(broker, subscribers, max(100, min(deliveries / subscribers, 20_000)), bytes)
            case .latency(let subscribers, let rate, let seconds):
                try await latency(broker, subscribers, rate, rate * seconds, bytes)
            case .connections(let count, let atOnce): try await connections(broker, count / atOnce, atOnce)
            }
        }
    }

    private func figure(_ broker: Broker, _ operations: Int, _ wall: Duration, _ cpu: Duration, note: String = "")
        -> Figure
    {
        Figure(
            "  \(broker.kind.rawValue)", operations: operations, wall: wall, cpu: broker.meter.cpuTime - cpu, note: note
        )
    }

    private func publish(
        _ broker: Broker, _ authors: Int, _ inFlight: Int, _ each: Int, _ bytes: Int
    ) async throws -> Figure {
        var peers: [BrokerPeer] = []
        for _ in 0..<authors {
            let peer = try await broker.connect()
            try await peer.prepareToPublish()
            peers.append(peer)
        }
        let cpu = broker.meter.cpuTime
        let wall = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for peer in peers {
                    group.addTask {
                        try await peer.publish(each, bytes: bytes, inFlight: max(1, inFlight / authors))
                    }
                }
                try await group.waitForAll()
            }
        }
        return figure(broker, each * authors, wall, cpu)
    }

    private func subscribers(_ broker: Broker, _ count: Int) async throws -> (BrokerPeer, [BrokerPeer]) {
        let author = try await broker.connect()
        try await author.prepareToPublish()
        var peers: [BrokerPeer] = []
        for number in 0..<count {
            let peer = try await broker.connect()
            try await peer.subscribe(number)
            peers.append(peer)
        }
        return (author, peers)
    }

    private func fanOut(_ broker: Broker, _ count: Int, _ posts: Int, _ bytes: Int) async throws -> Figure {
        let (author, peers) = try await subscribers(broker, count)
        let cpu = broker.meter.cpuTime
        let wall = try await ContinuousClock().measure {
            let all = peers.map { $0.received(posts) }
            try await author.publish(posts, bytes: bytes, inFlight: 64)
            for future in all { try await future.get() }
        }
        return figure(broker, posts * count, wall, cpu)
    }

    private func latency(
        _ broker: Broker, _ count: Int, _ rate: Int, _ posts: Int, _ bytes: Int
    ) async throws -> Figure {
        let (author, peers) = try await subscribers(broker, count)
        let recorder = LatencyRecorder(interval: .nanoseconds(1_000_000_000 / Int64(rate)))
        let eventLoop = author.channel.eventLoop
        try await eventLoop.submit {
            for peer in peers {
                peer.onDelivery = { recorder.received(peer.deliveries - 1, at: .now()) }
            }
        }.get()
        let cpu = broker.meter.cpuTime
        let wall = try await ContinuousClock().measure {
            let all = peers.map { $0.received(posts) }
            eventLoop.execute {
                let payload = ByteBuffer(repeating: 0x61, count: bytes)
                recorder.begin(at: .now())
                for index in 0..<posts {
                    eventLoop.scheduleTask(deadline: recorder.due(index)) { author.publishOne(payload) }
                }
            }
            for future in all { try await future.get() }
        }
        return figure(
            broker, posts * count, wall, cpu, note: try await eventLoop.submit { recorder.summary() }.get())
    }

    private func connections(_ broker: Broker, _ share: Int, _ atOnce: Int) async throws -> Figure {
        let cpu = broker.meter.cpuTime
        let wall = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<atOnce {
                    group.addTask { for _ in 0..<share { try await broker.connect().close() } }
                }
                try await group.waitForAll()
            }
        }
        return figure(broker, share * atOnce, wall, cpu)
    }
}
