import PKI
import TLS
import TestSupport

/// A relay and its members, as contexts. Every maker has the good case as its default.
struct TestParties {
    static let applicationProtocol = "lessons/1"

    let authority: TestAuthority
    let relay: (certificate: Certificate, key: PrivateKey)
    let member: (certificate: Certificate, key: PrivateKey)

    init() throws {
        authority = try TestAuthority()
        relay = try authority.relayCertificate()
        let made = try authority.member()
        member = (made.certificate, made.key)
    }

    /// The relay's certificate, its issuer and the root, which a client needs that knows only the root's fingerprint.
    var relayChain: [Certificate] {
        [relay.certificate, authority.issuingCertificate, authority.rootCertificate]
    }

    var memberIdentity: TLSContext.ClientConfiguration.Identity { ([member.certificate], member.key) }

    func server(
        chain: [Certificate]? = nil, key: PrivateKey? = nil,
        alpn: [String] = [applicationProtocol], isRevoked: @escaping @Sendable (Certificate) -> Bool = { _ in false }
    ) throws -> TLSContext {
        try TLSContext(
            server: .init(
                certificateChain: chain ?? relayChain, privateKey: key ?? relay.key,
                clientAuthentication: .required(issuers: [authority.issuingCertificate], isRevoked: isRevoked),
                alpnProtocols: alpn))
    }

    /// A server that asks for no client certificate.
    func openServer(alpn: [String] = [applicationProtocol]) throws -> TLSContext {
        try TLSContext(
            server: .init(
                certificateChain: relayChain, privateKey: relay.key, clientAuthentication: .none,
                alpnProtocols: alpn))
    }

    func client(
        trust: TLSContext.ClientConfiguration.Trust? = nil, serverName: String = "relay.test",
        alpn: [String] = [applicationProtocol]
    ) throws -> TLSContext {
        try client(identity: memberIdentity, trust: trust, serverName: serverName, alpn: alpn)
    }

    func client(
        identity: TLSContext.ClientConfiguration.Identity?, trust: TLSContext.ClientConfiguration.Trust? = nil,
        serverName: String = "relay.test", alpn: [String] = [applicationProtocol]
    ) throws -> TLSContext {
        try TLSContext(
            client: .init(
                trust: trust ?? .roots([authority.rootCertificate]), serverName: serverName, identity: identity,
                alpnProtocols: alpn))
    }
}
