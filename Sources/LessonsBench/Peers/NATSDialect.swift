import NIOCore
import Synchronization

/// The NATS client protocol, with JetStream's requests as messages.
struct NATSDialect: BrokerDialect {
    private enum Subscription { static let messages = 1, inbox = 2 }

    private let kind: BrokerKind
    private let inbox = "_INBOX.\(names.next())"
    private static let names = ManagedCounter()
    private static let subject = "bench.t"
    private static let stream = "BENCH"
    private var isGreeted = false
    /// PONGs that answer steps.
    private var answersDue = 0
    /// Answers of the server that stand for the step under way.
    private var isPreparing = false

    init(_ kind: BrokerKind) { self.kind = kind }

    /// A stream and an inbox for its acknowledgements.
    var publishSteps: Int { kind == .nats ? 0 : 1 }

    mutating func hello() -> ByteBuffer {
        answersDue += 1
        return ByteBuffer(string: "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":true}\r\nPING\r\n")
    }

    mutating func subscribe(_ number: Int) -> ByteBuffer {
        guard kind == .jetStreamPush else {
            answersDue += 1
            return ByteBuffer(string: "SUB \(Self.subject) \(Subscription.messages)\r\nPING\r\n")
        }
        let name = "c\(number)"
        isPreparing = true
        let request = """
            {"stream_name":"\(Self.stream)","config":{"durable_name":"\(name)","deliver_subject":"deliver.\(name)",\
            "ack_policy":"explicit","deliver_policy":"new","max_ack_pending":65536}}
            """
        return ByteBuffer(
            string: "SUB deliver.\(name) \(Subscription.messages)\r\nSUB \(inbox).* \(Subscription.inbox)\r\n"
                + "PUB $JS.API.CONSUMER.DURABLE.CREATE.\(Self.stream).\(name) \(inbox).c \(request.utf8.count)\r\n"
                + "\(request)\r\n")
    }

    mutating func prepare(_ step: Int) -> ByteBuffer {
        isPreparing = true
        let request = "{\"name\":\"\(Self.stream)\",\"subjects\":[\"bench.>\"],\"storage\":\"file\",\"num_replicas\":1}"
        return ByteBuffer(
            string: "SUB \(inbox).* \(Subscription.inbox)\r\n"
                + "PUB $JS.API.STREAM.CREATE.\(Self.stream) \(inbox).s \(request.utf8.count)\r\n\(request)\r\n")
    }

    func publish(_ payload: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        let reply = kind == .nats ? "" : "\(inbox).p "
        buffer.writeString("PUB \(Self.subject) \(reply)\(payload.readableBytes)\r\n")
        buffer.writeImmutableBuffer(payload)
        buffer.writeString(kind == .nats ? "\r\nPING\r\n" : "\r\n")
        return buffer
    }

    mutating func next(_ buffer: inout ByteBuffer) throws -> BrokerEvent? {
        guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let lineBytes = end - buffer.readerIndex + 1
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        // Mostly messages: everything else is decoded as text.
        guard first == UInt8(ascii: "M") else {
            guard let line = buffer.readString(length: lineBytes) else { return nil }
            return try event(line)
        }
        let words = buffer.getString(at: buffer.readerIndex, length: lineBytes - 2)?.split(separator: " ") ?? []
        guard words.count >= 4, let length = words.last.flatMap({ Int($0) }) else {
            throw BrokerError.unexpected("MSG")
        }
        guard buffer.readableBytes >= lineBytes + length + 2 else { return nil }
        let body = buffer.getString(at: buffer.readerIndex + lineBytes, length: words[2] == "2" ? length : 0) ?? ""
        buffer.moveReaderIndex(forwardBy: lineBytes + length + 2)
        guard words[2] == "2" else {
            guard kind == .jetStreamPush, words.count == 5 else { return .delivery(nil) }
            return .delivery(ByteBuffer(string: "PUB \(words[3]) 0\r\n\r\n"))
        }
        guard !body.contains("\"error\"") else { throw BrokerError.unexpected(String(body.prefix(200))) }
        if isPreparing {
            isPreparing = false
            return .answer
        }
        return .acknowledged
    }

    private mutating func event(_ line: String) throws -> BrokerEvent {
        if line.hasPrefix("INFO") {
            defer { isGreeted = true }
            return isGreeted ? .ignored : .answer
        }
        if line.hasPrefix("PING") { return .reply(ByteBuffer(string: "PONG\r\n")) }
        if line.hasPrefix("PONG") {
            // To a step, or, without JetStream, to the PING after a message.
            guard answersDue > 0 else { return .acknowledged }
            answersDue -= 1
            return .answer
        }
        if line.hasPrefix("-ERR") { throw BrokerError.unexpected(line) }
        return .ignored
    }
}

/// Numbers that no two clients share.
final class ManagedCounter: Sendable {
    private let last = Atomic(0)

    func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
