import Foundation
import Logging
package import PKI
import Storage
import Synchronization
package import TLS
import Wire

/// Joining and renewing for clients that speak another protocol than `lessons/1`: what EST (RFC 7030) needs of the relay.
/// The same invitations, members, rules and audit entries as on the relay's own ports.
package struct EnrolmentService: Sendable {
    /// Why no certificate was issued. Nothing was spent.
    package enum Refusal: Error, Sendable, Equatable {
        /// The token is none of this relay's, or not one at all.
        case unknownToken
        /// Whoever asks may not have one now: an invitation that was used, has ended or was withdrawn, a member who is
        /// suspended or whose certificate is revoked.
        case denied(String)
        /// The certificate request is not usable.
        case badRequest(String)
        case failed(String)
    }

    private let server: RelayServer

    package init(_ server: RelayServer) {
        self.server = server
    }

    /// What the listener speaks TLS with now; nil unless EST is configured. Ask for each connection.
    package var tlsContext: TLSContext? { server.credentials.contexts.est }

    package var handshakeTimeout: Duration { .seconds(server.core.limits.handshakeSeconds) }

    /// The root and every issuing certificate that is accepted.
    package var authorityCertificates: [Certificate] {
        let authority = server.core.authority
        return authority.issuingCertificates + [authority.root]
    }

    /// Redeems an invitation. Blocks.
    /// - Parameters:
    ///   - secret: the invitation's token in base64url, or the whole invitation.
    ///   - request: PKCS#10 in DER, of which the key alone is used.
    /// - Returns: the certificate.
    package func enrol(secret: String, request: [UInt8]) throws(Refusal) -> Certificate {
        guard let token = Invitation.token(of: secret) else { throw .unknownToken }
        var enrol = WireEnrol()
        enrol.token = Data(token)
        enrol.certificateRequest = Data(request)
        do {
            return try Certificate(der: try server.core.enrol(enrol).certificate)
        } catch {
            throw refusal(error)
        }
    }

    /// A fresh certificate for the member who showed `certificate`, which TLS has found good. Blocks.
    package func renew(_ certificate: Certificate, request: [UInt8]) throws(Refusal) -> Certificate {
        var renew = WireRenew()
        renew.certificateRequest = Data(request)
        do {
            let core = server.core
            switch core.membership.admit(certificate, now: core.clock()) {
            case .failure(let failure): throw Refusal.denied(failure.reason)
            case .success(let principal): return try Certificate(der: try core.renew(renew, principal).certificate)
            }
        } catch {
            throw refusal(error)
        }
    }

    private func refusal(_ error: any Error) -> Refusal {
        if let refusal = error as? Refusal { return refusal }
        server.core.counters.add(.refusals)
        let told: WireError
        switch error {
        case let refusal as RequestRefusal: told = refusal.error
        case let failure as StorageError: told = RequestRefusal(failure).error
        default: return .failed("the relay failed; try again")
        }
        server.core.logger.info("an enrolment was refused", metadata: ["code": "\(told.code)", "by": "EST"])
        switch told.code {
        case .invitationUnknown: return .unknownToken
        case .badCertificateRequest: return .badRequest(told.message)
        case let code where code.rawValue >= 500: return .failed(told.message)
        default: return .denied(told.message)
        }
    }
}
