package import NIOCore

/// Cuts a byte stream into frames: an unsigned 32-bit length in network order, then that many bytes.
///
/// Holds at most one incomplete frame. A length over the limit is refused before anything of it is kept.
package struct FrameDecoder {
    package static let defaultMaxFrameBytes = 1 << 20
    package static let lengthBytes = 4

    package let maxFrameBytes: Int
    private var pending: ByteBuffer?

    package init(maxFrameBytes: Int = FrameDecoder.defaultMaxFrameBytes) {
        self.maxFrameBytes = maxFrameBytes
    }

    /// Takes what was received. Call `next` until it returns nil before feeding again.
    package mutating func feed(_ bytes: ByteBuffer) {
        guard pending != nil else {
            pending = bytes
            return
        }
        var bytes = bytes
        pending?.writeBuffer(&bytes)
    }

    /// The next frame's body, or nil when more bytes are needed.
    /// - Throws: `.tooLarge` when the announced length is over the limit; nothing further can be read.
    package mutating func next() throws(FrameError) -> ByteBuffer? {
        guard let length = pending?.getInteger(at: pending?.readerIndex ?? 0, as: UInt32.self) else {
            release()
            return nil
        }
        guard length <= maxFrameBytes else { throw .tooLarge(announcedBytes: Int(length), maxBytes: maxFrameBytes) }
        guard (pending?.readableBytes ?? 0) >= FrameDecoder.lengthBytes + Int(length) else {
            pending?.discardReadBytes()
            return nil
        }
        pending?.moveReaderIndex(forwardBy: FrameDecoder.lengthBytes)
        let frame = pending?.readSlice(length: Int(length))
        release()
        return frame
    }

    /// Bytes of an incomplete frame that are kept.
    package var pendingBytes: Int { pending?.readableBytes ?? 0 }

    private mutating func release() {
        if pending?.readableBytes == 0 { pending = nil }
    }
}

/// Why bytes are no frame.
package enum FrameError: Error, Equatable, CustomStringConvertible {
    case tooLarge(announcedBytes: Int, maxBytes: Int)
    case malformed
    case invalidUTF8

    package var description: String {
        switch self {
        case .tooLarge(let announced, let max):
            "a frame of \(announced) bytes is over the limit of \(max) bytes; split the request, or shorten the post"
        case .malformed: "the bytes are no frame of lessons/1; check the length prefix and lessons.proto"
        case .invalidUTF8: "a text field holds bytes that are not UTF-8; send text as UTF-8"
        }
    }
}
