import NIOCore
import NIOEmbedded
import PKI
import TLS
import TestSupport
import Testing

@Suite struct HandshakeTests {
    let parties: TestParties

    init() throws { parties = try TestParties() }

    @Test func `both sides learn who the other is and what was agreed on`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()

        let atServer = try #require(pair.server.events.completed.first)
        #expect(pair.server.events.completed.count == 1)
        #expect(atServer.peer?.certificate == parties.member.certificate)
        #expect(atServer.peer?.uris == parties.member.certificate.uris)
        #expect(atServer.peer?.chain == [parties.member.certificate, parties.authority.issuingCertificate])
        #expect(atServer.applicationProtocol == "lessons/1")
        #expect(atServer.version == "TLSv1.3")
        #expect(atServer.cipherSuite == "TLS_AES_128_GCM_SHA256")

        let atClient = try #require(pair.client.events.completed.first)
        #expect(pair.client.events.completed.count == 1)
        #expect(atClient.peer?.certificate == parties.relay.certificate)
        #expect(atClient.peer?.chain == parties.relayChain)
        #expect(atClient.applicationProtocol == "lessons/1")
        #expect(pair.server.events.errors.isEmpty && pair.client.events.errors.isEmpty)
    }

    @Test(arguments: [1, 2, 3, 7, 100]) func `pieces of any size make the same handshake`(size: Int) throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect { size }
        try pair.client.send("to the relay")
        try pair.server.send("to the member")
        try pair.exchange { size }
        #expect(pair.server.receivedText == "to the relay")
        #expect(pair.client.receivedText == "to the member")
    }

    @Test func `pieces of random sizes make the same handshake`() throws {
        var random = SeededRandom(for: "pieces of random sizes")
        for _ in 0..<20 {
            let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
            try pair.connect { Int.random(in: 1...1500, using: &random) }
            #expect(pair.server.events.completed.count == 1)
            #expect(pair.client.events.completed.count == 1)
        }
    }

    @Test func `a server that asks for no certificate has no peer identity`() throws {
        let pair = try EmbeddedPair(server: parties.openServer(), client: parties.client(identity: nil))
        try pair.connect()
        let completed = try #require(pair.server.events.completed.first)
        #expect(completed.peer == nil)
        #expect(completed.applicationProtocol == "lessons/1")
    }

    @Test func `without application protocols none is agreed on`() throws {
        let pair = try EmbeddedPair(server: parties.server(alpn: []), client: parties.client(alpn: []))
        try pair.connect()
        #expect(pair.server.events.completed.map(\.applicationProtocol) == [nil])
        #expect(pair.client.events.completed.map(\.applicationProtocol) == [nil])
    }

    @Test func `the server's order of application protocols decides`() throws {
        let pair = try EmbeddedPair(
            server: parties.server(alpn: ["lessons/2", "lessons/1"]),
            client: parties.client(alpn: ["lessons/1", "other", "lessons/2"]))
        try pair.connect()
        #expect(pair.server.events.completed.map(\.applicationProtocol) == ["lessons/2"])
        #expect(pair.client.events.completed.map(\.applicationProtocol) == ["lessons/2"])
    }

    @Test(arguments: ["relay.test", "127.0.0.1", "relay.test."])
    func `a server is found under each name and address of its certificate`(name: String) throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client(serverName: name))
        try pair.connect()
        #expect(pair.client.events.completed.count == 1)
        #expect(pair.client.events.errors.isEmpty)
    }

    @Test(arguments: ["::1", "[::1]"]) func `a server is found under its IPv6 address`(name: String) throws {
        let relay = try parties.authority.relayCertificate(dns: ["relay.test"], ips: ["::1"])
        let server = try parties.server(
            chain: [relay.certificate, parties.authority.issuingCertificate], key: relay.key)
        let pair = try EmbeddedPair(server: server, client: parties.client(serverName: name))
        try pair.connect()
        #expect(pair.client.events.completed.count == 1)
    }

    @Test func `the root's fingerprint is enough to trust a server`() throws {
        let trust = TLSContext.ClientConfiguration.Trust.rootFingerprint(
            parties.authority.rootCertificate.fingerprint)
        let pair = try EmbeddedPair(
            server: parties.openServer(), client: parties.client(identity: nil, trust: trust))
        try pair.connect()
        let completed = try #require(pair.client.events.completed.first)
        #expect(completed.peer?.chain.last == parties.authority.rootCertificate)
        #expect(completed.peer?.certificate == parties.relay.certificate)
    }

    @Test func `no session ticket follows the handshake`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()
        let sent = pair.server.sent.readableBytes
        // With tickets the server's first flight after the client's Finished would carry them.
        try pair.exchange()
        #expect(pair.server.sent.readableBytes == sent)
        let lengths = recordLengths(pair.server.sent)
        // ServerHello, change_cipher_spec, then the encrypted flight that ends with Finished; nothing after it.
        let finishedBytes = 4 + 32 + 17
        #expect(lengths.last == finishedBytes)
    }

    @Test func `what was written before the handshake follows it in order`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        for part in ["one ", "two ", "three"] {
            pair.client.channel.write(ByteBuffer(string: part), promise: nil)
        }
        let flushed = pair.client.channel.eventLoop.makePromise(of: Void.self)
        pair.client.channel.writeAndFlush(ByteBuffer(string: "!"), promise: flushed)
        try pair.connect()
        #expect(pair.server.receivedText == "one two three!")
        try flushed.futureResult.wait()
    }

    @Test func `a flush of nothing before the handshake does not hinder it`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        pair.client.channel.flush()
        pair.server.channel.flush()
        try pair.connect()
        #expect(pair.server.events.completed.count == 1)
        #expect(pair.client.events.completed.count == 1)
    }

    @Test func `more than the limit before the handshake fails the connection`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.client.activate()
        let whole = ByteBuffer(repeating: 1, count: TLSHandler.maxBytesBeforeHandshake)
        let first = pair.client.channel.writeAndFlush(whole)
        let second = pair.client.channel.writeAndFlush(ByteBuffer(repeating: 1, count: 1))
        let expected = TLSError.tooMuchWrittenBeforeHandshake(limitBytes: TLSHandler.maxBytesBeforeHandshake)
        #expect(throws: expected) { try first.wait() }
        #expect(throws: expected) { try second.wait() }
        #expect(pair.client.events.errors == [expected])
        _ = try pair.client.takeSent()
        #expect(!pair.client.channel.isActive)
    }

    @Test func `a handshake that takes too long ends at its time`() throws {
        let pair = try EmbeddedPair(
            server: parties.server(), client: parties.client(), handshakeTimeout: .seconds(3))
        try pair.server.activate()
        pair.server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(2999))
        #expect(pair.server.channel.isActive)
        #expect(pair.server.events.errors.isEmpty)
        pair.server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!pair.server.channel.isActive)
        #expect(pair.server.events.errors == [.handshakeTimeout])
        #expect(pair.server.events.inactiveCount == 1)
    }

    @Test func `a completed handshake has no time limit any more`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()
        pair.server.channel.embeddedEventLoop.advanceTime(by: .hours(1000))
        pair.client.channel.embeddedEventLoop.advanceTime(by: .hours(1000))
        try pair.client.send("still here")
        try pair.exchange()
        #expect(pair.server.receivedText == "still here")
    }

    @Test func `handlers and connections go when the channel goes`() throws {
        weak var handler: TLSHandler?
        try {
            let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
            try pair.connect()
            handler = try pair.server.channel.pipeline.syncOperations.handler(type: TLSHandler.self)
            #expect(handler != nil)
            pair.client.channel.close(promise: nil)
            try pair.exchange()
            pair.server.channel.embeddedEventLoop.run()
            pair.client.channel.embeddedEventLoop.run()
        }()
        #expect(handler == nil)
    }
}
