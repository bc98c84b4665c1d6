import LessonModel
import NIOCore
import PKI
import TerminalUI
import Wire

/// What reads bytes of strangers. Each target is given any bytes, and traps where a promise about them does not hold; a
/// refusal is no finding. libFuzzer makes the bytes up (`Scripts/fuzz.sh`), the test suite takes the corpus and changes
/// it a little.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case frame, document
    case topicFilter = "topic-filter"
    case certificateRequest = "certificate-request"
    case statusRequest = "status-request"
    case terminalInput = "terminal-input"

    package func run(_ bytes: [UInt8]) {
        switch self {
        case .frame: Self.frame(bytes)
        case .document: Self.document(bytes)
        case .topicFilter: Self.topicFilter(bytes)
        case .certificateRequest: Self.certificateRequest(bytes)
        case .statusRequest: Self.statusRequest(bytes)
        case .terminalInput: Self.terminalInput(bytes)
        }
    }

    // MARK: Frames

    /// The first byte says how the stream is cut; the frames must not depend on it, nor what is kept grow over one frame.
    private static func frame(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let whole = frames(stream, pieces: stream.count)
        let cut = frames(stream, pieces: Int(first) + 1)
        precondition(whole == cut, "the frames depend on how the stream was cut")
        for body in whole.bodies { decode(ByteBuffer(bytes: body)) }
    }

    private struct Frames: Equatable {
        var bodies: [[UInt8]] = []
        var error: FrameError?
    }

    private static func frames(_ stream: [UInt8], pieces size: Int) -> Frames {
        let maxFrameBytes = 2_048
        var decoder = FrameDecoder(maxFrameBytes: maxFrameBytes)
        var found = Frames()
        for start in stride(from: 0, to: stream.count, by: max(size, 1)) {
            let piece = stream[start..<min(start + max(size, 1), stream.count)]
            decoder.feed(ByteBuffer(bytes: piece))
            do {
                while let body = try decoder.next() { found.bodies.append(Array(body.readableBytesView)) }
            } catch {
                found.error = error
                return found
            }
            precondition(
                decoder.pendingBytes <= FrameDecoder.lengthBytes + maxFrameBytes, "more is kept than one frame")
        }
        return found
    }

    /// What was understood is written and understood again; a post's content likewise.
    private static func decode(_ body: ByteBuffer) {
        _ = WireFrame.requestID(of: body)
        guard let frame = try? WireFrame(decoding: body) else { return }
        var again = frame.encoded()
        again.moveReaderIndex(forwardBy: FrameDecoder.lengthBytes)
        precondition((try? WireFrame(decoding: again)) == frame, "a frame is not what was written")
        switch frame.body {
        case .publish(let publish): content(publish.post.value.content)
        case .subscribe(let subscribe): for filter in subscribe.filters { _ = try? filter.value() }
        case nil: break
        case .some: break
        }
    }

    private static func content(_ bytes: [UInt8]) {
        guard let post = try? Post(content: bytes) else { return }
        precondition((try? Post(content: post.encodedContent())) == post, "a post is not what was written")
        _ = SearchFolding.fold(post.body.text)
    }

    // MARK: Text

    private static func document(_ bytes: [UInt8]) {
        guard let document = try? LessonDocument.parse(utf8: bytes) else { return }
        let again: LessonDocument
        do {
            again = try LessonDocument.parse(document.render())
        } catch {
            preconditionFailure("a document that was read cannot be read again: \(error)")
        }
        precondition(again == document, "a document is not what was written")
    }

    /// Filters, one a line; the last line is a topic.
    private static func topicFilter(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let topic = lines.last.flatMap { Topic($0) }
        for line in lines {
            guard let filter = try? TopicFilter(line) else { continue }
            precondition((try? TopicFilter(filter.description)) == filter, "a filter is not what was written")
            guard let topic else { continue }
            let isMatch = filter.matches(topic)
            let isExclusion = line.hasPrefix("!")
            guard let inverse = try? TopicFilter(isExclusion ? String(line.dropFirst()) : "!" + line) else { continue }
            precondition(inverse.matches(topic) == isMatch, "an exclusion matches something else than its opposite")
        }
    }

    // MARK: DER

    private static func certificateRequest(_ bytes: [UInt8]) {
        guard let request = try? CertificateSigningRequest(der: bytes) else { return }
        precondition((try? CertificateSigningRequest(pem: request.pem)) == request, "a request is not what was written")
    }

    private static func statusRequest(_ bytes: [UInt8]) {
        guard let request = try? StatusRequest(der: bytes) else { return }
        precondition(!request.certificateIDs.isEmpty, "a status request asks for nothing")
        precondition(
            request.certificateIDs.count <= StatusRequest.maxCertificates, "a status request asks for too many")
    }

    // MARK: Terminal

    private static func terminalInput(_ bytes: [UInt8]) {
        var whole = InputParser()
        var cut = InputParser()
        let together = whole.feed(bytes)
        let oneByOne = bytes.flatMap { cut.feed(CollectionOfOne($0)) }
        precondition(together == oneByOne, "the keys depend on how the input was cut")
        precondition(whole.flush() == cut.flush(), "what is left depends on how the input was cut")
    }
}
