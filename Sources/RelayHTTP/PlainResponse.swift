import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

extension Response {
    /// A whole body of `type`.
    init(_ status: HTTPResponse.Status = .ok, type: String, _ bytes: some Sequence<UInt8>, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = type
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A sentence for a person, such as why a request was refused.
    init(_ status: HTTPResponse.Status, _ sentence: String, headers: HTTPFields = [:]) {
        self.init(status, type: "text/plain; charset=utf-8", (sentence + "\n").utf8, headers: headers)
    }

    /// Without its body where HEAD asks (RFC 9110 §9.3.2).
    func answering(_ request: Request) -> Response { request.method == .head ? createHeadResponse() : self }

    static func notAllowed(_ methods: String) -> Response {
        Response(.methodNotAllowed, "only \(methods) is answered here", headers: [.allow: methods])
    }
}

extension Request {
    var isReading: Bool { method == .get || method == .head }

    /// The body, or nil when it is longer than `maxBytes`.
    func body(upTo maxBytes: Int) async throws -> [UInt8]? {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > maxBytes { return nil }
        var bytes: [UInt8] = []
        for try await part in body {
            guard bytes.count + part.readableBytes <= maxBytes else { return nil }
            bytes += Array(part.readableBytesView)
        }
        return bytes
    }

    /// The media type of the body, without parameters.
    var contentType: String? {
        headers[.contentType]?.split(separator: ";").first.map { $0.lowercased().filter { !$0.isWhitespace } }
    }
}
