import Foundation
import HTTPTypes
package import Hummingbird
package import HummingbirdCore
import NIOCore
import NIOPosix
import PKI
package import Relay

/// A request with the connection it came on.
package struct ESTContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    fileprivate let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The certificate that the client proved to hold; nil when it showed none.
    fileprivate var peer: Certificate? {
        get async throws { try await channel.pipeline.handler(type: PeerRecorder.self).map(\.certificate).get() }
    }
}

/// Enrolment over Secure Transport (RFC 7030, with RFC 8951's clarifications): certificates for programs that are not
/// `lessons`. A first certificate is had with an invitation's token as the password of HTTP's Basic scheme, a further one
/// with the present certificate.
///
/// Of a request the key and the proof of possession count. Its subject and names are not compared with the present
/// certificate's (§4.2.2 would have it): the relay decides what a certificate says, and clients send what they like.
package struct ESTResponder: HTTPResponder {
    private static let prefix = "/.well-known/est/"
    /// A request of the longest length that is read, in base64 with line ends.
    private static let maxBodyBytes = CertificateSigningRequest.maxBytes / 3 * 4 + 1_024

    private let service: EnrolmentService

    package init(_ service: EnrolmentService) {
        self.service = service
    }

    package func respond(to request: Request, context: ESTContext) async throws -> Response {
        var response = try await answer(request, context).answering(request)
        // No browser has business here, and one that comes all the same shall do nothing with the answer.
        response.headers[.strictTransportSecurity] = "max-age=31536000"
        response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private func answer(_ request: Request, _ context: ESTContext) async throws -> Response {
        guard request.uri.path.hasPrefix(Self.prefix) else {
            return Response(.notFound, "EST is at \(Self.prefix) (RFC 7030)")
        }
        switch request.uri.path.dropFirst(Self.prefix.count) {
        case "cacerts":
            guard request.isReading else { return .notAllowed("GET, HEAD") }
            return try .certificates(service.authorityCertificates, type: "application/pkcs7-mime")
        case "csrattrs":
            guard request.isReading else { return .notAllowed("GET, HEAD") }
            return Response(.ok, base64: try CertificateBundle.requestAttributes(), type: "application/csrattrs")
        case "simpleenroll": return try await enrol(request)
        case "simplereenroll": return try await renew(request, context)
        case "serverkeygen", "fullcmc":
            return Response(.notImplemented, "keys are made where they are used: use simpleenroll")
        case let path where path.contains("/"):
            return Response(.notFound, "this relay has one authority: leave the label out of the address")
        default: return Response(.notFound, "there are cacerts, csrattrs, simpleenroll and simplereenroll")
        }
    }

    private func enrol(_ request: Request) async throws -> Response {
        guard request.method == .post else { return .notAllowed("POST") }
        guard let password = request.basicPassword else {
            return .unauthorized(
                "give the invitation's token as the password of HTTP's Basic scheme; any user name will do")
        }
        return try await issue(request) { body throws(EnrolmentService.Refusal) in
            try service.enrol(secret: password, request: body)
        }
    }

    private func renew(_ request: Request, _ context: ESTContext) async throws -> Response {
        guard request.method == .post else { return .notAllowed("POST") }
        guard let peer = try await context.peer else {
            return Response(.forbidden, "show the present certificate in the TLS handshake to have it renewed")
        }
        return try await issue(request) { body throws(EnrolmentService.Refusal) in
            try service.renew(peer, request: body)
        }
    }

    private func issue(
        _ request: Request, _ make: @escaping @Sendable ([UInt8]) throws(EnrolmentService.Refusal) -> Certificate
    ) async throws -> Response {
        guard request.contentType == "application/pkcs10" else {
            return Response(.unsupportedMediaType, "the body is an application/pkcs10 in base64")
        }
        guard let body = try await request.body(upTo: Self.maxBodyBytes) else {
            return Response(
                .contentTooLarge, "a certificate request has at most \(CertificateSigningRequest.maxBytes) bytes")
        }
        let text = String(decoding: body.filter { !($0 == 0x20 || (0x09...0x0D).contains($0)) }, as: UTF8.self)
        guard let der = Data(base64Encoded: text), !der.isEmpty else {
            return Response(.badRequest, "the body is not base64 of a certificate request (PKCS#10, DER)")
        }
        let bytes = Array(der)
        let result = try await NIOThreadPool.singleton.runIfActive {
            Result { () throws(EnrolmentService.Refusal) in try make(bytes) }
        }
        switch result {
        case .success(let certificate):
            return try .certificates([certificate], type: "application/pkcs7-mime; smime-type=certs-only")
        case .failure(.unknownToken):
            return .unauthorized("the relay does not know this token; copy it whole, or ask for a new invitation")
        case .failure(.denied(let sentence)): return Response(.forbidden, sentence)
        case .failure(.badRequest(let sentence)): return Response(.badRequest, sentence)
        case .failure(.failed(let sentence)):
            return Response(.serviceUnavailable, sentence, headers: [.retryAfter: "10"])
        }
    }
}

extension Request {
    /// RFC 7617: what stands after the first colon.
    fileprivate var basicPassword: String? {
        guard let header = headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let pair = Data(base64Encoded: parts[1].trimmingCharacters(in: .whitespaces)),
            let text = String(data: pair, encoding: .utf8), let colon = text.firstIndex(of: ":")
        else { return nil }
        return String(text[text.index(after: colon)...])
    }
}

extension Response {
    fileprivate init(_ status: HTTPResponse.Status, base64 der: [UInt8], type: String) {
        var headers: HTTPFields = [:]
        if let name = HTTPField.Name("Content-Transfer-Encoding") { headers[name] = "base64" }
        self.init(status, type: type, Data(der).base64EncodedString().utf8, headers: headers)
    }

    fileprivate static func certificates(_ certificates: [Certificate], type: String) throws -> Response {
        Response(.ok, base64: try CertificateBundle.certificatesOnly(certificates), type: type)
    }

    fileprivate static func unauthorized(_ sentence: String) -> Response {
        Response(.unauthorized, sentence, headers: [.wwwAuthenticate: "Basic realm=\"lessons\", charset=\"UTF-8\""])
    }
}
