import Foundation
import LessonModel
import PKI
import Relay
import RelayClient
import Storage

extension Device {
    private var profile: Profile {
        get throws {
            try Profile(environment: ["HOME": home, "XDG_DATA_HOME": home + "/data", "XDG_CACHE_HOME": home + "/cache"])
        }
    }

    /// Who this machine's person is to the relay.
    func loadIdentity() throws -> ClientIdentity { try profile.loadIdentity() }

    func storedCertificate() throws -> Certificate? { try profile.storedCertificate() }

    /// Puts a certificate in the place of the present one that the relay's authority issues for `lifetime`. Since validity
    /// begins five minutes before issuing, one of a minute is due for renewal, and one of a second is over. The relay must
    /// not run meanwhile.
    func takeCertificate(of lifetime: Duration, relayData: String) throws {
        let home = RelayHome(path: relayData)
        var identity = try profile.loadIdentity()
        let key = try PrivateKey.generate(.p256)
        guard let uuid = UUID(uuidString: identity.member.id.description) else {
            throw EndToEndFailure("a member id is a UUID")
        }
        let now = Int64(Date().timeIntervalSince1970)
        let certificate = try home.readAuthority().issueMember(
            CertificateSigningRequest.make(key: key, commonName: "test"), kind: .person,
            relayDomain: try home.readConfiguration().domain, memberID: uuid,
            subject: DistinguishedName(commonName: identity.member.name), lifetime: lifetime, now: now)
        let store = try RelayStore(directory: relayData)
        defer { try? store.close() }
        try store.recordCertificate(
            IssuedCertificate(
                fingerprint: certificate.fingerprint, issuerKeyID: certificate.authorityKeyID ?? [],
                serial: certificate.serialNumber, der: certificate.der, notBeforeSeconds: certificate.notBefore,
                notAfterSeconds: certificate.notAfter),
            of: identity.member.id, audit: AuditEntry(at: now * 1_000, actor: .host, action: "test.issue"))
        identity.chain = [certificate] + identity.chain.dropFirst()
        identity.key = key
        try profile.replace(identity)
    }
}

extension Device {
    /// Runs `lessons` at a terminal and types each of `lines` when a passphrase is asked for. Its output is what stood on
    /// the terminal, then what the program wrote, then `echo on` when the terminal shows again what is typed.
    func type(_ lines: [String], into arguments: [String]) async throws -> Finished {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Python/type.py")
        let text = String(decoding: try JSONEncoder().encode(lines), as: UTF8.self)
        return try await start(
            program: MachineProgram.path("python3") ?? "python3",
            [script.path, text, try BuiltProgram.client.path] + arguments
        ).finish()
    }
}
