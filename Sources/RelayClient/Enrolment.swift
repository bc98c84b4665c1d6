internal import FoundationEssentials
internal import LessonModel
package import Logging
package import NIOCore
internal import PKI
internal import TLS
package import Wire

/// Becoming a member, and staying one: how this client gets its certificates.
package enum Enrolment {
    /// Redeems `invitation` at its relay, which must show the root whose fingerprint the invitation carries. The key is
    /// made here and never leaves.
    ///
    /// Store the identity at once: the invitation is spent when this returns. Nothing is spent when it throws, but for
    /// `.disconnected`, where that is not known.
    /// - Parameters:
    ///   - device: names this device among the member's; nil for a new name.
    ///   - now: seconds since 1970.
    /// - Throws: `.refused` or `.request` with one of the INVITATION codes; `.untrusted` when the relay shows another root,
    ///   or answers with a certificate that is not for this key and member; else as `RelayConnection.connect`.
    package static func join(
        _ invitation: Invitation, device: String? = nil, agent: String, group: any EventLoopGroup,
        timeout: TimeAmount = .seconds(10), now: Int64, logger: Logger
    ) async throws(ClientError) -> ClientIdentity {
        let address = RelayAddress(host: invitation.host, port: invitation.port)
        let enrolmentAddress = RelayAddress(host: invitation.host, port: invitation.enrolmentPort)
        let configuration = TLSContext.ClientConfiguration(
            trust: .rootFingerprint(invitation.rootFingerprint), serverName: invitation.host, identity: nil,
            alpnProtocols: [RelayConnection.enrolmentProtocol])
        let (key, request) = try makeRequest()
        let connection: RelayConnection
        do throws(ClientError) {
            connection = try await RelayConnection.open(
                enrolmentAddress, configuration, applicationProtocol: RelayConnection.enrolmentProtocol, agent: agent,
                group: group, timeout: timeout, logger: logger)
        } catch {
            guard case .untrusted = error else { throw error }
            throw .untrusted(
                "\(enrolmentAddress) is not the relay of this invitation: it does not show the root certificate that the "
                    + "invitation names; ask whoever gave you the invitation")
        }
        var enrol = WireEnrol()
        enrol.token = Data(invitation.token)
        enrol.certificateRequest = Data(request.der)
        let outcome: Result<WireFrame.OneOf_Body, ClientError>
        do throws(ClientError) { outcome = .success(try await connection.request(.enrol(enrol))) } catch {
            outcome = .failure(error)
        }
        await connection.close()
        guard case .enrolled(let enrolled) = try outcome.get() else { throw RelayConnection.unexpectedAnswer }
        let issued = try check(enrolled, key: key, now: now) { (root) throws(ClientError) in
            guard root.fingerprint == invitation.rootFingerprint else {
                throw .untrusted("\(enrolmentAddress) answered with another root certificate than the invitation names")
            }
        }
        guard enrolled.relayID == connection.welcome.relayID else {
            throw .untrusted("\(enrolmentAddress) answered for another relay than itself")
        }
        return ClientIdentity(
            chain: issued.chain, key: key, root: issued.root, member: issued.member, organisation: issued.organisation,
            relayID: Array(enrolled.relayID), address: address, enrolmentAddress: enrolmentAddress,
            device: device ?? ClientIdentity.newDeviceName())
    }

    /// Gets a fresh certificate for a new key over a connection of `identity`. The old one stays valid until its end.
    /// - Returns: the identity to store in place of the old one.
    package static func renew(
        _ identity: ClientIdentity, over connection: RelayConnection, now: Int64
    ) async throws(ClientError) -> ClientIdentity {
        let (key, request) = try makeRequest()
        var renew = WireRenew()
        renew.certificateRequest = Data(request.der)
        guard case .enrolled(let enrolled) = try await connection.request(.renew(renew)) else {
            throw RelayConnection.unexpectedAnswer
        }
        let issued = try check(enrolled, key: key, now: now) { (root) throws(ClientError) in
            guard root == identity.root else {
                throw .untrusted(
                    "\(connection.address) answered with another root certificate than the one that was joined")
            }
        }
        guard issued.member.id == identity.member.id else {
            throw .untrusted("\(connection.address) answered with the certificate of another member")
        }
        var renewed = identity
        renewed.chain = issued.chain
        renewed.key = key
        renewed.member = issued.member
        renewed.organisation = issued.organisation
        return renewed
    }

    private static func makeRequest() throws(ClientError) -> (PrivateKey, CertificateSigningRequest) {
        do {
            let key = try PrivateKey.generate(.p256)
            return (key, try CertificateSigningRequest.make(key: key, commonName: "lessons"))
        } catch {
            throw .identity("a key could not be made: \(error)")
        }
    }

    private struct Issued {
        let chain: [Certificate]
        let root: Certificate
        let member: Member
        let organisation: Organisation
    }

    /// Takes an answer only when it is what was asked for.
    private static func check(
        _ enrolled: WireEnrolled, key: PrivateKey, now: Int64,
        root isExpected: (Certificate) throws(ClientError) -> Void
    ) throws(ClientError) -> Issued {
        let certificate: Certificate
        var issuers: [Certificate] = []
        do throws(PKIError) {
            certificate = try Certificate(der: enrolled.certificate)
            for der in enrolled.issuers.prefix(CertificateAuthority.maxIntermediates) {
                issuers.append(try Certificate(der: der))
            }
        } catch {
            throw .protocolViolation("the relay answered with a broken certificate: \(error)")
        }
        guard let root = issuers.popLast() else {
            throw .protocolViolation("the relay answered without its root certificate")
        }
        try isExpected(root)
        guard certificate.publicKey == key.publicKey else {
            throw .untrusted("the relay answered with a certificate for another key than the one that was made here")
        }
        guard let member = enrolled.member.value, certificate.memberID == member.id else {
            throw .untrusted("the relay answered with a certificate that is not the member's")
        }
        let organisation: Organisation
        do { organisation = try enrolled.organisation.value() } catch {
            throw .protocolViolation("the relay answered with a malformed organisation: \(error.problem)")
        }
        guard organisation.slug == member.organisation else {
            throw .protocolViolation("the relay answered with another organisation than the member's")
        }
        let verification = CertificateAuthority.verifyChain(
            leaf: certificate, intermediates: issuers, roots: [root], at: now, purpose: .member)
        switch verification {
        case .trusted:
            return Issued(chain: [certificate] + issuers, root: root, member: member, organisation: organisation)
        case .refused(let failure):
            throw .untrusted(
                "the relay answered with a certificate that is not valid: \(failure); check this machine's clock")
        }
    }
}
