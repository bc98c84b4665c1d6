import Foundation

/// What an administrator hands to somebody who joins, in one line of text that a shell needs not quote:
/// `lessons://HOST:PORT,ENROLMENT-PORT/ROOT/TOKEN`, where ROOT is the SHA-256 of the relay's root certificate and TOKEN
/// the one-time secret, both in base64url.
package struct Invitation: Hashable, Sendable {
    package static let tokenBytes = 20
    package static let fingerprintBytes = 32

    /// A DNS name, an IPv4 address, or an IPv6 address without brackets.
    package var host: String
    package var port: Int
    package var enrolmentPort: Int
    /// SHA-256 of the root certificate in DER.
    package var rootFingerprint: [UInt8]
    package var token: [UInt8]

    package init(host: String, port: Int, enrolmentPort: Int, rootFingerprint: [UInt8], token: [UInt8]) {
        self.host = host
        self.port = port
        self.enrolmentPort = enrolmentPort
        self.rootFingerprint = rootFingerprint
        self.token = token
    }

    package var text: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return "lessons://\(shown):\(port),\(enrolmentPort)/\(Self.base64URL(rootFingerprint))/\(Self.base64URL(token))"
    }

    /// - Throws: what is wrong, in a sentence.
    package init(text: String) throws(InvitationError) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.hasPrefix("lessons://") else { throw .notAnInvitation }
        let parts = trimmed.dropFirst("lessons://".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .incomplete }
        guard let colon = parts[0].lastIndex(of: ":") else { throw .badAddress }
        var host = String(parts[0][..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let ports = parts[0][parts[0].index(after: colon)...].split(separator: ",").map { Int($0) ?? 0 }
        guard !host.isEmpty, host.utf8.count <= 253, ports.count == 2, ports.allSatisfy((1...65_535).contains) else {
            throw .badAddress
        }
        guard let root = Self.bytes(base64URL: parts[1]), root.count == Self.fingerprintBytes,
            let token = Self.bytes(base64URL: parts[2]), token.count == Self.tokenBytes
        else { throw .incomplete }
        self.init(host: host, port: ports[0], enrolmentPort: ports[1], rootFingerprint: root, token: token)
    }

    /// The token of a whole invitation, or of the token's own text, its last part; nil when `text` is neither.
    package static func token(of text: String) -> [UInt8]? {
        if let invitation = try? Invitation(text: text) { return invitation.token }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let token = bytes(base64URL: trimmed[...]), token.count == tokenBytes else { return nil }
        return token
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(base64URL text: Substring) -> [UInt8]? {
        var padded = text.replacing("-", with: "+").replacing("_", with: "/")
        while padded.utf8.count % 4 != 0 { padded += "=" }
        return Data(base64Encoded: String(padded)).map(Array.init)
    }
}

package enum InvitationError: Error, Equatable, CustomStringConvertible {
    case notAnInvitation
    case badAddress
    case incomplete

    package var description: String {
        switch self {
        case .notAnInvitation: "this is no invitation: one begins with lessons:// ; ask your administrator for it"
        case .badAddress: "the address in the invitation is damaged; copy the whole line again"
        case .incomplete: "the invitation is incomplete; copy the whole line again"
        }
    }
}
