import Foundation
import LessonModel
import Logging
import NIOCore
import NIOPosix
import PKI
import RelayClient
import Synchronization
import TLS
import TestSupport
import Testing
import Wire

private let logger = Logger(label: "test")

/// Real sockets, real TLS.
@Suite struct RelayConnectionTests {
    private let parties: Parties

    init() throws { parties = try Parties() }

    private func connect(
        _ address: RelayAddress, _ identity: ClientIdentity, _ group: any EventLoopGroup,
        timeout: TimeAmount = .seconds(10)
    ) async throws(ClientError) -> RelayConnection {
        try await .connect(
            to: address, identity: identity, agent: "lessons test", group: group, timeout: timeout, logger: logger)
    }

    /// The error of an attempt that must fail.
    private func refusal(
        _ context: TLSContext, _ identity: ClientIdentity, host: String = "127.0.0.1", _ script: @escaping Script
    ) async throws -> ClientError {
        let result = Mutex<ClientError?>(nil)
        try await withScriptedRelay(context, [script]) { address, group in
            do throws(ClientError) {
                let connection = try await connect(RelayAddress(host: host, port: address.port), identity, group)
                await connection.close()
            } catch {
                result.withLock { $0 = error }
            }
        }
        return try #require(result.withLock { $0 })
    }

    @Test func `a member is welcomed and learns who it is`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity, head: 42))
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            #expect(connection.welcome.headSequence == 42)
            #expect(connection.member?.id == identity.member.id)
            await connection.close()
            #expect(await connection.events.next() == .closed(nil))
        }
    }

    @Test func `a relay of another root is not trusted`() async throws {
        let foreign = try Parties()
        let error = try await refusal(
            parties.server(), parties.identity(root: foreign.authority.rootCertificate)
        ) { peer in try? await peer.drain() }
        guard case .untrusted = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!error.isRetryable)
    }

    @Test func `a relay whose certificate bears another name is not trusted`() async throws {
        let other = try parties.authority.relayCertificate(dns: ["other.test"], ips: ["192.0.2.1"])
        let context = try TLSContext(
            server: .init(
                certificateChain: [other.certificate, parties.authority.issuingCertificate], privateKey: other.key,
                clientAuthentication: .required(
                    issuers: [parties.authority.issuingCertificate], isRevoked: { _ in false }),
                alpnProtocols: ["lessons/1"]))
        let error = try await refusal(context, parties.identity()) { peer in try? await peer.drain() }
        guard case .untrusted = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `a revoked certificate, an expired one and a foreign one each get their own refusal`() async throws {
        let revoked = try await refusal(
            parties.server(isRevoked: { _ in true }), parties.identity()
        ) { peer in try? await peer.drain() }
        #expect(revoked.code == .certificateRevoked && !revoked.isRetryable)
        let expired = try await refusal(
            parties.server(), parties.identity(validity: .expired)
        ) { peer in try? await peer.drain() }
        #expect(expired.code == .certificateExpired && !expired.isRetryable)
        let foreign = try Parties().identity(root: parties.authority.rootCertificate)
        let refused = try await refusal(parties.server(), foreign) { peer in try? await peer.drain() }
        #expect(refused.code == .notAMember && !refused.isRetryable)
    }

    @Test func `a Goaway in place of Welcome is told with the relay's words`() async throws {
        let error = try await refusal(parties.server(), parties.identity()) { peer in
            _ = try await peer.receiveRequest()
            var goaway = WireGoaway()
            goaway.code = .memberSuspended
            goaway.reason = "Arta is suspended"
            try await peer.send(.goaway(goaway))
            try await peer.drain()
        }
        #expect(error == .refused(code: .memberSuspended, reason: "Arta is suspended", retryAfter: nil))
    }

    @Test func `another relay with the same root is not the one that was joined`() async throws {
        let parties = parties
        let error = try await refusal(parties.server(), parties.identity()) { peer in
            var welcome = parties.welcome()
            welcome.relayID = Data(repeating: 9, count: 16)
            try await peer.greet(welcome)
            try await peer.drain()
        }
        guard case .untrusted = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `a closed port, an unknown name and a server without TLS are told as unreachable`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let identity = try parties.identity()
        let plain = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(plain.localAddress?.port)
        try await plain.close()
        for address in [
            RelayAddress(host: "127.0.0.1", port: port), RelayAddress(host: "no-such-host.invalid", port: 1),
        ] {
            // A resolver without a network takes its time.
            let error = await #expect(throws: ClientError.self) {
                try await connect(address, identity, group, timeout: .seconds(1))
            }
            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        let echo = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Banner()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let echoPort = try #require(echo.localAddress?.port)
        let error = await #expect(throws: ClientError.self) {
            try await connect(RelayAddress(host: "127.0.0.1", port: echoPort), identity, group)
        }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await echo.close()
    }

    @Test func `answers find their requests in whatever order they come`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    let first = try await peer.receiveRequest()
                    let second = try await peer.receiveRequest()
                    #expect(first.requestID != 0 && second.requestID != first.requestID)
                    try await peer.send(.memberList(WireMemberList()), to: second.requestID)
                    var topics = WireTopicList()
                    topics.topics = [WireTopicSummary()]
                    try await peer.send(.topicList(topics), to: first.requestID)
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            let first = connection.submit(.listTopics(WireListTopics()))
            let second = connection.submit(.listMembers(WireListMembers()))
            guard case .topicList(let list) = try await first.value() else {
                Issue.record("another kind")
                return
            }
            #expect(list.topics.count == 1)
            #expect(try await second.value() == .memberList(WireMemberList()))
            await connection.close()
        }
    }

    @Test func `no more publishes are on their way than the relay allows, and they leave in order`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    var welcome = parties.welcome(for: identity)
                    welcome.limits.maxPublishesInFlight = 2
                    try await peer.greet(welcome)
                    var inFlight: [UInt64] = []
                    for expected in 0..<6 {
                        let frame = try await peer.receiveRequest()
                        guard case .publish(let publish) = frame.body else { throw ScriptError.unexpected(frame) }
                        #expect(publish.post.value.content == [UInt8(expected)])
                        inFlight.append(frame.requestID)
                        if inFlight.count == 2 {
                            // A third would come before the answer to this ping.
                            try await peer.send(.ping(WirePing()), to: 500)
                            let next = try await peer.receiveRequest()
                            guard case .pong = next.body else { throw ScriptError.unexpected(next) }
                            for id in inFlight { try await peer.send(.published(WirePublished()), to: id) }
                            inFlight = []
                        }
                    }
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            let responses = (0..<6).map { number in
                connection.submitPublish(
                    SignedPost(content: [UInt8(number)], signature: [], certificateFingerprint: []))
            }
            for response in responses { _ = try await RelayConnection.published(response) }
            await connection.close()
        }
    }

    @Test func `requests that wait when the line breaks fail and do not hang`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    _ = try await peer.receiveRequest()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            let error = await #expect(throws: ClientError.self) { try await connection.topics() }
            guard case .disconnected = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let later = await #expect(throws: ClientError.self) { try await connection.topics() }
            #expect(later == error)
            guard case .closed(.disconnected) = await connection.events.next() else {
                Issue.record("the end was not told")
                return
            }
        }
    }

    @Test func `a cancelled request returns at once and the connection goes on`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    let first = try await peer.receiveRequest()
                    let second = try await peer.receiveRequest()
                    try await peer.send(.topicList(WireTopicList()), to: first.requestID)
                    try await peer.send(.memberList(WireMemberList()), to: second.requestID)
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            let task = Task { try await connection.topics() }
            task.cancel()
            let result = await task.result
            #expect(throws: ClientError.cancelled) { try result.get() }
            #expect(try await connection.members().isEmpty)
            await connection.close()
        }
    }

    @Test func `a request over the relay's frame limit is refused here and nothing is sent`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    var welcome = parties.welcome(for: identity)
                    welcome.limits.maxFrameBytes = 1_000
                    try await peer.greet(welcome)
                    let frame = try await peer.receiveRequest()
                    guard case .goaway = frame.body else { throw ScriptError.unexpected(frame) }
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            let post = SignedPost(
                content: [UInt8](repeating: 1, count: 2_000), signature: [], certificateFingerprint: [])
            let error = await #expect(throws: ClientError.self) { try await connection.publish(post) }
            #expect(error?.code == .frameTooLarge)
            await connection.close()
        }
    }

    @Test func `what was handed over before the close arrives before the goodbye`() async throws {
        let identity = try parties.identity()
        let parties = parties
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    let acknowledged = try await peer.receiveAck()
                    #expect(acknowledged == 17)
                    let frame = try await peer.receiveRequest()
                    guard case .goaway(let goaway) = frame.body else { throw ScriptError.unexpected(frame) }
                    #expect(goaway.code == .closing)
                    let last = try await peer.receive()
                    #expect(last == nil)
                }
            ]
        ) { address, group in
            let connection = try await connect(address, identity, group)
            connection.acknowledge(through: 17)
            await connection.close()
        }
    }
}

/// Speaks first and in plain text.
private final class Banner: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "220 this is no relay\r\n")), promise: nil)
    }
}
