import NIOCore
import TestSupport
import Testing
import Wire

@Suite struct FrameDecoderTests {
    private static func frame(_ body: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer(integer: UInt32(body.count))
        buffer.writeBytes(body)
        return Array(buffer.readableBytesView)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64])
    func `frames come out whole however the bytes are cut`(_ size: Int) throws {
        let bodies: [[UInt8]] = [[], [1], Array(0..<200), [], Array(repeating: 9, count: 70)]
        let stream = bodies.flatMap(Self.frame)
        var decoder = FrameDecoder()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            decoder.feed(ByteBuffer(bytes: stream[start..<min(start + size, stream.count)]))
            while let body = try decoder.next() { found.append(Array(body.readableBytesView)) }
        }
        #expect(found == bodies)
        #expect(decoder.pendingBytes == 0)
    }

    @Test func `a length over the limit is refused from its four bytes alone`() throws {
        var decoder = FrameDecoder(maxFrameBytes: 100)
        decoder.feed(ByteBuffer(integer: UInt32(101)))
        #expect(throws: FrameError.tooLarge(announcedBytes: 101, maxBytes: 100)) { try decoder.next() }
        var largest = FrameDecoder(maxFrameBytes: 100)
        largest.feed(ByteBuffer(bytes: Self.frame(Array(repeating: 1, count: 100))))
        #expect(try largest.next()?.readableBytes == 100)
    }

    @Test func `any bytes are a frame or an error, never a crash`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            let body = ByteBuffer(bytes: bytes)
            _ = try? WireFrame(decoding: body)
            _ = WireFrame.requestID(of: body)
        }
    }

    @Test func `the request id of a frame that cannot be decoded is still known`() {
        #expect(WireFrame.requestID(of: ByteBuffer(bytes: [0x08, 0xAC, 0x02, 0xFF])) == 300)
        #expect(WireFrame.requestID(of: ByteBuffer(bytes: [0x08, 0xFF])) == 0)
        #expect(WireFrame.requestID(of: ByteBuffer()) == 0)
    }
}
