import NIOCore
import NIOEmbedded
import Testing

@testable import RelayHTTP

@Suite struct ConnectionDeadlineTests {
    @Test func `a connection ends after its time, however busy it is, and not before`() throws {
        let channel = EmbeddedChannel(handler: ConnectionDeadline(after: .seconds(120)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for _ in 0..<11 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            try channel.writeInbound(ByteBuffer(string: "x"))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
