import NIOCore

/// MQTT 3.1.1 (OASIS), QoS 1.
struct MQTTDialect: BrokerDialect {
    private var packetID: UInt16 = 0
    private static let clientIDs = ManagedCounter()

    var publishSteps: Int { 0 }

    func hello() -> ByteBuffer {
        var body = ByteBuffer()
        text("MQTT", into: &body)
        // Level 4, a clean session, no keep-alive.
        body.writeBytes([4, 2, 0, 0])
        text("bench-\(Self.clientIDs.next())", into: &body)
        return packet(0x10, body)
    }

    mutating func subscribe(_ number: Int) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeInteger(nextID())
        text(BrokerPeer.topic, into: &body)
        body.writeInteger(UInt8(1))
        return packet(0x82, body)
    }

    func prepare(_ step: Int) -> ByteBuffer { ByteBuffer() }

    mutating func publish(_ payload: ByteBuffer) -> ByteBuffer {
        var body = ByteBuffer()
        text(BrokerPeer.topic, into: &body)
        body.writeInteger(nextID())
        body.writeImmutableBuffer(payload)
        return packet(0x32, body)
    }

    func next(_ buffer: inout ByteBuffer) throws -> BrokerEvent? {
        let start = buffer.readerIndex
        guard let first = buffer.readInteger(as: UInt8.self), let length = remainingLength(&buffer),
            var body = buffer.readSlice(length: length)
        else {
            buffer.moveReaderIndex(to: start)
            return nil
        }
        switch first >> 4 {
        case 2:
            guard body.readBytes(length: 2)?.last == 0 else { throw BrokerError.unexpected("CONNACK") }
            return .answer
        case 3:
            guard let topic = body.readInteger(as: UInt16.self) else { throw BrokerError.unexpected("PUBLISH") }
            body.moveReaderIndex(forwardBy: Int(topic))
            guard first >> 1 & 3 == 1, let id = body.readInteger(as: UInt16.self) else { return .delivery(nil) }
            var acknowledgement = ByteBuffer()
            acknowledgement.writeBytes([0x40, 2])
            acknowledgement.writeInteger(id)
            return .delivery(acknowledgement)
        case 4: return .acknowledged
        case 9: return .answer
        default: return .ignored
        }
    }

    private mutating func nextID() -> UInt16 {
        packetID = packetID == .max ? 1 : packetID + 1
        return packetID
    }

    private func text(_ text: String, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt16(text.utf8.count))
        buffer.writeString(text)
    }

    private func packet(_ type: UInt8, _ body: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(type)
        var rest = body.readableBytes
        repeat {
            buffer.writeInteger(UInt8(rest & 0x7F | (rest > 0x7F ? 0x80 : 0)))
            rest >>= 7
        } while rest > 0
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    /// §2.2.3.
    private func remainingLength(_ buffer: inout ByteBuffer) -> Int? {
        var length = 0
        for shift in stride(from: 0, through: 21, by: 7) {
            guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
            length |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return length }
        }
        return nil
    }
}
