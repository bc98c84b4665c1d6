import Foundation
import HTTPTypes
package import Hummingbird
package import HummingbirdCore
import NIOPosix
import PKI
package import Relay

/// Answers the rest of the world over plain HTTP: revocation lists (RFC 5280 §4.2.1.13), certificates of the authority
/// (§4.2.2.1) and status questions (RFC 6960 appendix A.1, cached as RFC 5019 §6 says). All that it hands out is signed.
///
/// Below the path of the publication's address: `KEYID.crl` and `KEYID.cer` in DER, `KEYID.crl.pem` and `KEYID.cer.pem`, and
/// `ocsp`.
package struct PublicationResponder: HTTPResponder {
    package typealias Context = BasicRequestContext

    /// How long others may keep what changes with the next revocation, in seconds.
    private static let maxAgeSeconds: Int64 = 60
    /// A certificate of the authority never changes under its name.
    private static let certificateMaxAgeSeconds: Int64 = 86_400

    private let publication: RevocationPublication
    /// Begins and ends with a slash.
    private let prefix: String
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - url: the address that stands in certificates; its path is where things are served.
    ///   - clock: seconds since 1970.
    package init(_ publication: RevocationPublication, url: String, clock: @escaping @Sendable () -> Int64) {
        self.publication = publication
        self.clock = clock
        let path = URL(string: url)?.path(percentEncoded: true) ?? ""
        prefix = path.hasSuffix("/") ? path : path + "/"
    }

    package func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        try await answer(request).answering(request)
    }

    private func answer(_ request: Request) async throws -> Response {
        guard request.uri.path.hasPrefix(prefix) else { return .unknownPath }
        let name = request.uri.path.dropFirst(prefix.count)
        if name == "ocsp" {
            guard request.method == .post else { return .notAllowed("POST") }
            return try await answerPosted(request)
        }
        if name.hasPrefix("ocsp/") {
            guard request.isReading else { return .notAllowed("GET, HEAD") }
            let text = String(name.dropFirst(5)).removingPercentEncoding ?? ""
            guard let der = Data(base64Encoded: text) else { return try await answer([]) }
            return try await answer(Array(der))
        }
        guard request.isReading else { return .notAllowed("GET, HEAD") }
        return file(String(name), request)
    }

    private func answerPosted(_ request: Request) async throws -> Response {
        guard request.contentType == "application/ocsp-request" else {
            return Response(.unsupportedMediaType, "the body is an application/ocsp-request")
        }
        guard let body = try await request.body(upTo: StatusRequest.maxBytes) else {
            return Response(.contentTooLarge, "a request has at most \(StatusRequest.maxBytes) bytes")
        }
        return try await answer(body)
    }

    private func answer(_ der: [UInt8]) async throws -> Response {
        // It looks into the database: not on a thread that others' connections wait for.
        let answer = try await NIOThreadPool.singleton.runIfActive { publication.answer(der) }
        var headers: HTTPFields = [:]
        if let keptUntil = answer.keptUntil {
            headers = caching(answer.der, madeAt: clock(), until: keptUntil, maxAge: Self.maxAgeSeconds)
        } else {
            headers[.cacheControl] = "no-store"
        }
        return Response(type: "application/ocsp-response", answer.der, headers: headers)
    }

    private func file(_ name: String, _ request: Request) -> Response {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 && parts[2] == "pem", let keyID = Self.keyID(parts[0]) else {
            return .unknownPath
        }
        let isPEM = parts.count == 3
        switch parts[1] {
        case "crl":
            guard let list = publication.revocationList(of: keyID) else { return .unknownPath }
            return fresh(
                isPEM ? Array(list.pem.utf8) : list.der,
                type: isPEM ? "application/x-pem-file" : "application/pkix-crl",
                request, madeAt: list.thisUpdate, until: list.nextUpdate, maxAge: Self.maxAgeSeconds)
        case "cer":
            guard let certificate = publication.certificate(of: keyID) else { return .unknownPath }
            return fresh(
                isPEM ? Array(certificate.pem.utf8) : certificate.der,
                type: isPEM ? "application/x-pem-file" : "application/pkix-cert", request,
                madeAt: certificate.notBefore, until: certificate.notAfter, maxAge: Self.certificateMaxAgeSeconds)
        default: return .unknownPath
        }
    }

    /// The whole, or that what the other side has is still good.
    private func fresh(
        _ bytes: [UInt8], type: String, _ request: Request, madeAt: Int64, until: Int64, maxAge: Int64
    ) -> Response {
        let headers = caching(bytes, madeAt: madeAt, until: until, maxAge: maxAge)
        if let known = request.headers[.ifNoneMatch], known == headers[.eTag] {
            return Response(status: .notModified, headers: headers)
        }
        return Response(type: type, bytes, headers: headers)
    }

    private func caching(_ bytes: [UInt8], madeAt: Int64, until: Int64, maxAge: Int64) -> HTTPFields {
        let tag = SHA256.digest(bytes).prefix(16).map { String(format: "%02x", $0) }.joined()
        return [
            .eTag: "\"\(tag)\"", .lastModified: HTTPDate.text(madeAt), .expires: HTTPDate.text(until),
            .cacheControl: "max-age=\(max(0, min(maxAge, until - clock()))), public, no-transform, must-revalidate",
        ]
    }

    private static func keyID(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 40 else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

extension Response {
    fileprivate static var unknownPath: Response { Response(.notFound, "there is nothing at this address") }
}
