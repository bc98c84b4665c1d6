import Foundation
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Relay

/// The steps at the relay's machine and at the root's, without a relay that runs.
@Suite struct AuthorityCeremonyTests {
    private let directory: TemporaryDirectory
    private let home: RelayHome
    private let now = RelayServer.systemClock()
    private let passphrase = Array("correct horse battery".utf8)

    init() throws {
        directory = try TemporaryDirectory()
        home = RelayHome(path: directory.file("relay"))
        let configuration = RelayConfiguration(
            relayID: String(repeating: "0a", count: 16), domain: "relay.test", host: "relay.test", port: 1,
            enrolmentPort: 2, listen: "127.0.0.1", names: .init(dns: ["relay.test"], ip: []))
        let office = Organisation(
            slug: try #require(OrganisationSlug("office")), name: "Office", country: "AT", kind: .international)
        _ = try RelaySetup(
            configuration: configuration, organisation: office, administrator: "Ada", rootPassphrase: passphrase
        ).make(in: home, now: now)
    }

    private var ceremony: AuthorityCeremony { AuthorityCeremony(home) }

    private func sign(_ pem: String, _ folder: AuthorityFolder? = nil, url: String? = nil) throws -> OfflineRoot.Signed
    {
        let folder = folder ?? home.authority
        return try OfflineRoot.sign(
            request: pem, rootCertificate: folder.root().pem, rootKeyPath: folder.rootKeyPath, passphrase: passphrase,
            publicationURL: url, now: now)
    }

    @Test func `the root's list goes on from the one before, and another root's or an older one is refused`() throws {
        let first = try #require(home.readRootList())
        #expect(first.number == 1)
        func sign(_ revoking: [Certificate], _ previous: RevocationList) throws -> RevocationList {
            try RootList.sign(
                previous: previous, revoking: revoking, reason: .authorityCompromise,
                rootCertificate: home.authority.root().pem, rootKeyPath: home.authority.rootKeyPath,
                passphrase: passphrase, now: now)
        }
        let issuing = try home.readAuthority().issuingCertificates[0]
        let second = try sign([issuing, issuing], first)
        #expect(second.entries.map(\.serialNumber) == [issuing.serialNumber])
        #expect(second.entries.map(\.reason) == [.authorityCompromise])
        let third = try sign([], second)
        #expect(third.entries == second.entries)
        #expect(try RootList.accept(pem: third.pem, in: home).number == 3)
        #expect(home.readRootList() == third)
        #expect(throws: RelayHomeError.self) { try RootList.accept(pem: second.pem, in: home) }
        let foreign = try TestAuthority(name: "Foreign")
        let other = try foreign.root.revocationList([], number: 9, now: now / 1_000)
        #expect(throws: RelayHomeError.self) { try RootList.accept(pem: other.pem, in: home) }
        #expect(throws: RelayHomeError.self) { try sign([], other) }
        #expect(throws: RelayHomeError.self) { try sign([foreign.issuingCertificate], third) }
        #expect(home.readRootList() == third)
    }

    @Test func `every step can be repeated, and changes one thing`() throws {
        #expect(try home.authority.entries().map(\.state) == [.signing])
        let request = try ceremony.request(domain: "relay.test", passphrase: nil)
        #expect(try ceremony.request(domain: "relay.test", passphrase: nil).keyFingerprint == request.keyFingerprint)
        #expect(try home.authority.entries().map(\.state) == [.signing, .requested])
        let signed = try sign(request.pem)
        #expect(signed.keyFingerprint == request.keyFingerprint)
        for _ in 0..<2 { #expect(try ceremony.accept(pem: signed.pem, passphrase: nil, now: now) == 2) }
        #expect(try home.authority.entries().map(\.state) == [.signing, .accepted])
        #expect(try ceremony.activate(nil, passphrase: nil, now: now).before == 1)
        #expect(try ceremony.activate(nil, passphrase: nil, now: now).before == nil)
        #expect(try home.authority.entries().map(\.state) == [.accepted, .signing])
        #expect(
            try home.readAuthority().issuingCertificates.map(\.commonName) == [
                "relay.test Issuing CA 2", "relay.test Issuing CA 1",
            ])
        for name in ["1", "issuing-1", "relay.test issuing CA 1"] { #expect(try ceremony.number(named: name) == 1) }
        for _ in 0..<2 { try ceremony.retire(1, isForced: false, now: now) }
        #expect(try home.authority.entries().map(\.state) == [.retiring, .signing])
        for _ in 0..<2 { try ceremony.retire(1, isForced: true, now: now) }
        #expect(try home.authority.entries().map(\.state) == [.retired, .signing])
        // The next one takes a number that was never used.
        #expect(try ceremony.request(domain: "relay.test", passphrase: nil).number == 3)
    }

    @Test func `an issuing certificate bears the root's organisation, the requested name, and the issuing profile`()
        throws
    {
        let request = try ceremony.request(domain: "relay.test", passphrase: nil)
        let signed = try sign(request.pem, url: "http://relay.test/pki")
        let certificate = try Certificate(pem: signed.pem)
        #expect(certificate.subject == "CN=relay.test Issuing CA 2,O=Office,C=AT")
        #expect(certificate.isAuthority && certificate.publicKey.kind == .p256)
        #expect(certificate.notAfter - now / 1_000 > 1_800 * 86_400)
        let text = String(decoding: certificate.der, as: UTF8.self)
        #expect(text.contains("http://relay.test/pki/"))
        // A request in the root's own name is not signed: two authorities of one name confuse every path builder.
        let bad = try CertificateSigningRequest.make(
            key: try PrivateKey.generate(.p256), commonName: "relay.test Root CA")
        #expect(throws: PKIError.self) { try sign(bad.pem) }
        let wrongKind = try CertificateSigningRequest.make(key: try PrivateKey.generate(.p384), commonName: "Other")
        #expect(throws: PKIError.self) { try sign(wrongKind.pem) }
    }

    @Test func `the issuing key is for its owner only, and encrypted with a passphrase on request`() throws {
        let issuing = Array("another passphrase".utf8)
        let request = try ceremony.request(domain: "relay.test", passphrase: issuing)
        let mode = try FileManager.default.attributesOfItem(atPath: request.keyPath)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try SecretFile.readText(request.keyPath).contains("ENCRYPTED"))
        _ = try ceremony.accept(pem: try sign(request.pem).pem, passphrase: issuing, now: now)
        #expect(throws: RelayHomeError.self) { try home.readAuthority() }
        #expect(try home.readAuthority(passphrase: issuing).issuers.count == 2)
    }

    @Test func `the root goes elsewhere only once its copy opens, and signs there`() throws {
        let away = AuthorityFolder(path: directory.file("usb"))
        #expect(throws: PKIError.wrongPassphrase) {
            try OfflineRoot.export(home.authority, to: away.path, passphrase: Array("wrong".utf8))
        }
        #expect(throws: (any Error).self) {
            try OfflineRoot.removeKey(home.authority, copiedTo: away.path, passphrase: passphrase)
        }
        #expect(throws: RelayHomeError.self) {
            try OfflineRoot.removeKey(home.authority, copiedTo: home.authorityPath, passphrase: passphrase)
        }
        #expect(home.authority.holdsRootKey)
        try OfflineRoot.export(home.authority, to: away.path, passphrase: passphrase)
        for _ in 0..<2 { try OfflineRoot.removeKey(home.authority, copiedTo: away.path, passphrase: passphrase) }
        #expect(!home.authority.holdsRootKey)
        // The relay needs it no more, and the root signs where it is now.
        let request = try ceremony.request(domain: "relay.test", passphrase: nil)
        #expect(try ceremony.accept(pem: try sign(request.pem, away).pem, passphrase: nil, now: now) == 2)
        #expect(throws: RelayHomeError.self) {
            try OfflineRoot.export(home.authority, to: directory.file("again"), passphrase: passphrase)
        }
    }

    @Test func `the list tells each state, and counts while no relay runs`() throws {
        _ = try ceremony.request(domain: "relay.test", passphrase: nil)
        let report = try AuthorityReport(home, now: now)
        #expect(report.isRootKeyHere)
        #expect(report.issuers.map(\.state) == ["signing", "requested"])
        #expect(report.issuers.map(\.certificates) == [0, nil])
        #expect(report.issuers[1].file.hasSuffix("issuing-2.key"))
    }
}
