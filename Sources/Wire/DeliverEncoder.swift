package import LessonModel
package import NIOCore

/// Writes `Frame { deliver { post } }` directly: the hot path of fan-out, done once a post for all its receivers.
package enum DeliverEncoder {
    /// Appends the frame with its length.
    package static func write(_ stored: StoredPost, into buffer: inout ByteBuffer) {
        let signed = stored.post
        let signedBytes =
            fieldBytes(signed.content.count) + fieldBytes(signed.signature.count)
            + fieldBytes(signed.certificateFingerprint.count)
        let storedBytes =
            1 + varintBytes(UInt64(bitPattern: stored.sequence)) + 1
            + varintBytes(UInt64(bitPattern: stored.receivedAt)) + fieldBytes(signedBytes)
        let deliverBytes = fieldBytes(storedBytes)
        let frameBytes = fieldBytes(deliverBytes)

        buffer.reserveCapacity(minimumWritableBytes: frameBytes + FrameDecoder.lengthBytes)
        buffer.writeInteger(UInt32(frameBytes))
        writeLengthTag(10, deliverBytes, into: &buffer)
        writeLengthTag(1, storedBytes, into: &buffer)
        writeVarintField(1, stored.sequence, into: &buffer)
        writeVarintField(2, stored.receivedAt, into: &buffer)
        writeLengthTag(3, signedBytes, into: &buffer)
        writeLengthTag(1, signed.content.count, into: &buffer)
        buffer.writeBytes(signed.content)
        writeLengthTag(2, signed.signature.count, into: &buffer)
        buffer.writeBytes(signed.signature)
        writeLengthTag(3, signed.certificateFingerprint.count, into: &buffer)
        buffer.writeBytes(signed.certificateFingerprint)
    }

    private static func varintBytes(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }

    /// The bytes of a length-delimited field whose number is below 16.
    private static func fieldBytes(_ count: Int) -> Int { 1 + varintBytes(UInt64(count)) + count }

    private static func writeLengthTag(_ field: UInt8, _ count: Int, into buffer: inout ByteBuffer) {
        buffer.writeInteger(field << 3 | 2)
        writeVarint(UInt64(count), into: &buffer)
    }

    private static func writeVarintField(_ field: UInt8, _ value: Int64, into buffer: inout ByteBuffer) {
        buffer.writeInteger(field << 3)
        writeVarint(UInt64(bitPattern: value), into: &buffer)
    }

    private static func writeVarint(_ value: UInt64, into buffer: inout ByteBuffer) {
        var value = value
        while value >= 0x80 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        buffer.writeInteger(UInt8(value))
    }
}
