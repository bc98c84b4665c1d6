import Foundation
package import NIOCore
import SwiftProtobuf

extension WireFrame {
    /// Reads a frame's body.
    /// - Throws: `.malformed`, or `.invalidUTF8` for a text field that is none.
    package init(decoding body: ByteBuffer) throws(FrameError) {
        do {
            self = try body.withUnsafeReadableBytes { bytes in
                try WireFrame(serializedBytes: Array(bytes), options: WireFrame.decodingOptions)
            }
        } catch BinaryDecodingError.invalidUTF8 {
            throw .invalidUTF8
        } catch {
            throw .malformed
        }
    }

    /// A request id read without decoding anything else, so that a refusal of a broken frame can name its request.
    package static func requestID(of body: ByteBuffer) -> UInt64 {
        var body = body
        guard body.readInteger(as: UInt8.self) == 0x08 else { return 0 }
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = body.readInteger(as: UInt8.self) else { return 0 }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return 0
    }

    package init(requestID: UInt64, _ body: OneOf_Body) {
        self.init()
        self.requestID = requestID
        self.body = body
    }

    /// Appends the frame with its length.
    package func write(into buffer: inout ByteBuffer) {
        guard let bytes: [UInt8] = try? serializedBytes() else {
            preconditionFailure("a frame without required fields always serialises")
        }
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
    }

    /// The frame with its length.
    package func encoded(allocator: ByteBufferAllocator = ByteBufferAllocator()) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 256)
        write(into: &buffer)
        return buffer
    }

    private static var decodingOptions: BinaryDecodingOptions {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 16
        return options
    }
}
