import NIOCore
import NIOEmbedded
import TLS
import TestSupport
import Testing

/// Bytes that no well-meant peer sends.
@Suite struct HostileBytesTests {
    let parties: TestParties

    init() throws { parties = try TestParties() }

    private func server() throws -> EmbeddedPair.Side {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.server.activate()
        return pair.server
    }

    @Test func `a request in plain text is refused`() throws {
        let server = try server()
        try server.channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: relay.test\r\n\r\n"))
        #expect(server.events.errors.count == 1)
        #expect(server.events.errors.first?.description.contains("http request") == true)
        _ = try server.takeSent()
        #expect(!server.channel.isActive)
    }

    @Test func `random bytes instead of a ClientHello are refused and never delivered`() throws {
        var random = SeededRandom(for: "random bytes")
        for round in 0..<200 {
            let server = try server()
            var bytes = (0..<Int.random(in: 400...4000, using: &random)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            // Half of them look like a handshake record at first.
            if round % 2 == 0 { bytes.replaceSubrange(0..<6, with: [22, 3, 1, 1, 100, 1]) }
            try server.channel.writeInbound(ByteBuffer(bytes: bytes))
            // A few of them look like the beginning of something longer, and run out of time.
            server.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            #expect(server.events.completed.isEmpty && server.events.readCount == 0)
            #expect(server.events.errors.count == 1)
            _ = try server.takeSent()
            #expect(!server.channel.isActive)
        }
    }

    @Test func `one changed byte anywhere never delivers other data`() throws {
        var random = SeededRandom(for: "one changed byte")
        for _ in 0..<100 {
            let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
            try pair.server.activate()
            try pair.client.activate()
            pair.client.channel.writeAndFlush(ByteBuffer(string: "authentic"), promise: nil)
            var place = Int.random(in: 0..<2000, using: &random)
            let change = UInt8.random(in: 1...255, using: &random)
            var fromServer: ByteBuffer?
            while true {
                if let bytes = fromServer, pair.client.channel.isActive { try pair.client.channel.writeInbound(bytes) }
                guard var bytes = try pair.client.takeSent() else { break }
                if place >= 0, place < bytes.readableBytes, let byte = bytes.getInteger(at: place, as: UInt8.self) {
                    bytes.setInteger(byte ^ change, at: place)
                }
                place -= bytes.readableBytes
                if pair.server.channel.isActive { try pair.server.channel.writeInbound(bytes) }
                fromServer = try pair.server.takeSent()
            }
            #expect(["", "authentic"].contains(pair.server.receivedText))
            #expect(pair.server.events.errors.count <= 1)
        }
    }

    @Test func `a changed record after the handshake ends the connection with bad_record_mac`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()
        try pair.client.send("authentic")
        var record = try #require(try pair.client.takeSent())
        let last = record.writerIndex - 1
        let byte = try #require(record.getInteger(at: last, as: UInt8.self))
        record.setInteger(byte ^ 1, at: last)
        try pair.server.channel.writeInbound(record)
        #expect(pair.server.receivedText == "")
        #expect(pair.server.events.errors.map(\.sentAlert) == ["bad_record_mac"])
        try pair.exchange()
        #expect(pair.client.events.errors == [.peerAlert(name: "bad_record_mac", code: 20)])
    }

    @Test func `good data before a bad record is delivered first`() throws {
        let pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()
        try pair.client.send("good")
        var bytes = try #require(try pair.client.takeSent())
        bytes.writeBytes([23, 3, 3, 0, 20] + [UInt8](repeating: 0, count: 20))
        try pair.server.channel.writeInbound(bytes)
        #expect(pair.server.receivedText == "good")
        #expect(pair.server.events.errors.count == 1)
    }

    @Test func `a client of TLS 1_2 is refused with protocol_version`() throws {
        let server = try server()
        // A ClientHello of TLS 1.2 with one cipher suite and no extensions.
        var hello: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32) + [0, 0, 2, 0xC0, 0x2B, 1, 0]
        hello = [1, 0, 0, UInt8(hello.count)] + hello
        hello = [22, 3, 1, 0, UInt8(hello.count)] + hello
        try server.channel.writeInbound(ByteBuffer(bytes: hello))
        #expect(server.events.errors.map(\.sentAlert) == ["protocol_version"])
        let sent = try #require(try server.takeSent())
        // A fatal alert, number 70.
        #expect(Array(sent.readableBytesView.suffix(2)) == [2, 70])
        #expect(!server.channel.isActive)
    }

    @Test func `a ClientHello that never ends is cut off`() throws {
        let server = try server()
        // change_cipher_spec records are allowed in a handshake, and mean nothing.
        let filler = ByteBuffer(bytes: [20, 3, 3, 0, 1, 1])
        for _ in 0..<100_000 where server.channel.isActive {
            try server.channel.writeInbound(filler)
            _ = try server.takeSent()
        }
        #expect(!server.channel.isActive)
        #expect(server.events.errors.count == 1)
    }

    @Test func `a flood of KeyUpdates is cut off`() throws {
        let server = try server()
        let client = try RawClient(parties)
        try client.handshake(with: server)
        #expect(server.events.completed.count == 1)
        client.requestKeyUpdates(10_000)
        try client.exchange(with: server)
        #expect(
            server.events.errors == [
                .protocolViolation(alert: nil, detail: "a flood of messages without data")
            ])
        #expect(!server.channel.isActive)
    }

    @Test func `KeyUpdates between data are answered and the data arrives`() throws {
        let server = try server()
        let client = try RawClient(parties)
        try client.handshake(with: server)
        for _ in 0..<100 {
            client.requestKeyUpdates(1)
            client.write("x")
            try client.exchange(with: server)
        }
        #expect(server.receivedText == String(repeating: "x", count: 100))
        try server.send("answer")
        try client.exchange(with: server)
        #expect(client.read() == "answer")
        #expect(server.events.errors.isEmpty)
    }

    @Test func `a peer that makes the server answer and reads nothing is cut off`() throws {
        let server = try server()
        let client = try RawClient(parties)
        try client.handshake(with: server)
        server.channel.isWritable = false
        for _ in 0..<100_000 where server.channel.isActive {
            client.requestKeyUpdates(1)
            client.write("x")
            try client.exchange(with: server)
        }
        #expect(!server.channel.isActive)
        #expect(server.events.errors.count == 1)
        #expect(server.sent.readableBytes < 128 * 1024)
    }
}
