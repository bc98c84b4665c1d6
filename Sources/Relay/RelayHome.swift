import Foundation
package import LessonModel
package import PKI

/// A relay's data directory: what is where, and how it is made and opened.
///
/// `relay.json` the configuration; `relay.sqlite` the log and the membership; `attachments/` the bytes of attachments; `relay.pem` and `relay.key` the relay's own
/// certificate; `authority/` the root's certificate, its key under a passphrase (which may be taken away and kept
/// offline), and the issuing certificates with their keys (see `AuthorityFolder`). The directory is for its owner only.
package struct RelayHome: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var configurationPath: String { path + "/relay.json" }
    package var certificatePath: String { path + "/relay.pem" }
    package var keyPath: String { path + "/relay.key" }
    package var authorityPath: String { path + "/authority" }
    package var rootCertificatePath: String { authorityPath + "/root.pem" }
    package var rootKeyPath: String { authorityPath + "/root.key" }
    /// The root's revocation list, made where the root's key was.
    package var rootListPath: String { authorityPath + "/root.crl" }

    package var exists: Bool { FileManager.default.fileExists(atPath: configurationPath) }

    // MARK: Configuration

    package func readConfiguration() throws(RelayHomeError) -> RelayConfiguration {
        guard let data = FileManager.default.contents(atPath: configurationPath) else { throw .notARelay(path) }
        let configuration: RelayConfiguration
        do {
            configuration = try JSONDecoder().decode(RelayConfiguration.self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            throw .badConfiguration(configurationPath, context.debugDescription)
        } catch {
            throw .badConfiguration(configurationPath, "\(error)")
        }
        guard configuration.identity.relayID.count == 16 else {
            throw .badConfiguration(configurationPath, "relayID must be 32 hexadecimal digits")
        }
        return configuration
    }

    package func write(_ configuration: RelayConfiguration) throws(RelayHomeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(configuration).write(to: URL(filePath: configurationPath), options: .atomic)
        } catch {
            throw .cannotWrite(configurationPath, "\(error)")
        }
    }

    // MARK: Authority

    /// Makes the directories with mode 0700. Those that exist are left as they are.
    package func createDirectories() throws(RelayHomeError) {
        for directory in [path, authorityPath] {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw .cannotWrite(directory, "\(error)")
            }
        }
    }

    /// Writes the root, its key under `passphrase`, and the first issuing certificate.
    package func write(
        root: RootAuthority, authority: CertificateAuthority, passphrase: [UInt8], now: Milliseconds
    ) throws(RelayHomeError) {
        do {
            let stored = try authority.stored(passphrase: nil)
            try writePublic(stored.rootCertificate, rootCertificatePath)
            try SecretFile.write(try root.key.pem(passphrase: passphrase), to: rootKeyPath, replacing: false)
            try writePublic(stored.issuingCertificates[0], self.authority.certificatePath(1))
            try writePublic(try root.revocationList([], number: 1, now: now / 1_000).pem, rootListPath)
            try SecretFile.write(stored.issuingKeys[0], to: self.authority.keyPath(1), replacing: false)
        } catch {
            throw .cannotWrite(authorityPath, "\(error)")
        }
    }

    /// Nil when there is none or it cannot be read.
    package func readRootList() -> RevocationList? {
        (try? String(contentsOf: URL(filePath: rootListPath), encoding: .utf8)).flatMap { try? RevocationList(pem: $0) }
    }

    /// The authority that signs members; the root's key is not needed.
    package func readAuthority(
        publication: PublicationURLs? = nil, passphrase: [UInt8]? = nil
    ) throws(RelayHomeError) -> CertificateAuthority {
        try authority.authority(publication: publication, passphrase: passphrase)
    }

    // MARK: The relay's own certificate

    /// Writes the relay's own certificate and key; the files change together or the old ones stay usable.
    func write(_ credential: RelayCredential) throws(RelayHomeError) {
        do {
            // Both in one file: a certificate never stands beside another one's key.
            try SecretFile.write(try credential.key.pem(passphrase: nil) + credential.certificate.pem, to: keyPath)
            try writePublic(credential.certificate.pem, certificatePath)
        } catch {
            throw .cannotWrite(keyPath, "\(error)")
        }
    }

    package func readRelayCertificate() throws(RelayHomeError) -> (certificate: Certificate, key: PrivateKey) {
        do {
            let text = try SecretFile.readText(keyPath)
            return (try Certificate(pem: text), try PrivateKey(pem: text, passphrase: nil))
        } catch {
            throw .cannotRead(keyPath, "\(error)")
        }
    }

    func writePublic(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}

/// What `relay.json` holds.
package struct RelayConfiguration: Sendable, Codable, Equatable {
    /// What the relay's certificate is made out to.
    package struct Names: Sendable, Codable, Equatable {
        package var dns: [String]
        package var ip: [String]

        package init(dns: [String], ip: [String]) {
            self.dns = dns
            self.ip = ip
        }
    }

    /// An address and a port to listen on.
    package struct Listener: Sendable, Codable, Equatable {
        package var listen: String
        package var port: Int

        package init(listen: String, port: Int) {
            self.listen = listen
            self.port = port
        }
    }

    /// Where the relay publishes revocations, and under which address others reach it.
    package struct Publication: Sendable, Codable, Equatable {
        /// Such as `http://relay.example.org/pki`: written into every certificate, so it must stay the same for years.
        package var url: String
        package var listen: String
        package var port: Int

        package init(url: String, listen: String, port: Int) {
            self.url = url
            self.listen = listen
            self.port = port
        }
    }

    /// Hexadecimal, 16 bytes.
    package var relayID: String
    /// The DNS name in members' certificates.
    package var domain: String
    /// What clients connect to, as told in invitations.
    package var host: String
    package var port: Int
    package var enrolmentPort: Int
    /// The address to listen on; `0.0.0.0` or `::` for all.
    package var listen: String
    package var names: Names
    package var limits: RelayLimits
    /// What third parties fetch over plain HTTP. Nil: nothing is published, and certificates do not say where to ask.
    package var publication: Publication?
    /// Health and metrics over plain HTTP, for the machine itself. Nil: none.
    package var metrics: Listener?
    /// Enrolment over Secure Transport (RFC 7030). Nil: none.
    package var est: Listener?

    package init(
        relayID: String, domain: String, host: String, port: Int, enrolmentPort: Int, listen: String, names: Names,
        limits: RelayLimits = RelayLimits(), publication: Publication? = nil, metrics: Listener? = nil,
        est: Listener? = nil
    ) {
        self.relayID = relayID
        self.domain = domain
        self.host = host
        self.port = port
        self.enrolmentPort = enrolmentPort
        self.listen = listen
        self.names = names
        self.limits = limits
        self.publication = publication
        self.metrics = metrics
        self.est = est
    }

    /// - Throws: `.invalid` when the publication's address cannot stand in certificates.
    package func publicationURLs() throws(RelayHomeError) -> PublicationURLs? {
        guard let publication else { return nil }
        do {
            return try PublicationURLs(base: publication.url)
        } catch {
            throw .invalid("publication.url: \(error)")
        }
    }

    package var identity: RelayIdentity {
        RelayIdentity(
            relayID: Hex.bytes(of: relayID) ?? [], domain: domain, host: host, port: port, enrolmentPort: enrolmentPort)
    }
}

package enum RelayHomeError: Error, CustomStringConvertible {
    case notARelay(String)
    case alreadyARelay(String)
    case badConfiguration(String, String)
    case cannotRead(String, String)
    case cannotWrite(String, String)
    case invalid(String)

    package var description: String {
        switch self {
        case .notARelay(let path): "\(path) holds no relay; make one with `lessons-relay init --data \(path)`"
        case .alreadyARelay(let path): "\(path) holds a relay already; choose another directory"
        case .badConfiguration(let path, let detail): "\(path) cannot be understood: \(detail)"
        case .cannotRead(let path, let detail): "\(path) cannot be read: \(detail)"
        case .cannotWrite(let path, let detail): "\(path) cannot be written: \(detail)"
        case .invalid(let sentence): sentence
        }
    }
}
