import Foundation
package import LessonModel
import PKI

/// The root's key away from the relay: taken off its machine, and used where there is no relay.
package enum OfflineRoot {
    /// Copies the root's certificate and its encrypted key to `directory`, and reads the copy back.
    /// - Throws: when the copy does not open with `passphrase`; what was written stays for a look at it.
    package static func export(_ folder: AuthorityFolder, to directory: String, passphrase: [UInt8]) throws {
        guard folder.holdsRootKey else {
            throw RelayHomeError.invalid("\(folder.rootKeyPath) is not here: the root was exported already")
        }
        let target = AuthorityFolder(path: directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let key = try SecretFile.read(folder.rootKeyPath)
        _ = try open(certificate: try folder.root().pem, key: key, passphrase)
        try SecretFile.write(Array(try folder.root().pem.utf8), to: target.rootCertificatePath)
        // The same text as here; that it is encrypted was proved by the passphrase above.
        try SecretFile.write(key, to: target.rootKeyPath)
        let copy = try open(
            certificate: try target.root().pem, key: try SecretFile.read(target.rootKeyPath), passphrase)
        guard copy.certificate == (try folder.root()) else {
            throw RelayHomeError.invalid("the copy in \(directory) is not this relay's root")
        }
    }

    /// Overwrites the root's key on the relay's machine and deletes it. Flash memory and snapshots may keep older blocks:
    /// the passphrase is what protects those.
    /// - Throws: unless `directory` holds a copy that opens with `passphrase`, on another path than the folder's own.
    package static func removeKey(_ folder: AuthorityFolder, copiedTo directory: String, passphrase: [UInt8]) throws {
        let target = AuthorityFolder(path: directory)
        guard
            URL(filePath: target.rootKeyPath).resolvingSymlinksInPath()
                != URL(filePath: folder.rootKeyPath).resolvingSymlinksInPath()
        else { throw RelayHomeError.invalid("the copy must be in another directory than the relay's own") }
        let copy = try open(
            certificate: try target.root().pem, key: try SecretFile.read(target.rootKeyPath), passphrase)
        guard copy.certificate == (try folder.root()) else {
            throw RelayHomeError.invalid("the copy in \(directory) is not this relay's root")
        }
        guard folder.holdsRootKey else { return }
        let handle = try FileHandle(forWritingTo: URL(filePath: folder.rootKeyPath))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(count: Int(size)))
        try handle.synchronize()
        try handle.close()
        try FileManager.default.removeItem(atPath: folder.rootKeyPath)
    }

    package struct Signed: Sendable {
        package var pem: String
        /// RFC 4514.
        package var subject: String
        package var endsAt: Milliseconds
        /// SHA-256 of the root's certificate, hexadecimal.
        package var rootFingerprint: String
        /// As `AuthorityCeremony.Request.keyFingerprint`.
        package var keyFingerprint: String
    }

    /// Signs the request for an issuing certificate. Needs no relay and no network.
    /// - Parameter publicationURL: where the root's revocations are published; the relay's `publication.url`.
    package static func sign(
        request pem: String, rootCertificate: String, rootKeyPath: String, passphrase: [UInt8],
        publicationURL: String?, now: Milliseconds
    ) throws -> Signed {
        let request = try CertificateSigningRequest(pem: pem)
        let root = try open(certificate: rootCertificate, key: try SecretFile.read(rootKeyPath), passphrase)
        let certificate = try root.issueIssuing(
            request, now: now / 1_000, publication: try publicationURL.map { try PublicationURLs(base: $0) })
        return Signed(
            pem: certificate.pem, subject: certificate.subject, endsAt: certificate.notAfter * 1_000,
            rootFingerprint: root.certificate.fingerprintText,
            keyFingerprint: Hex.text(of: SHA256.digest(request.publicKey.spkiDER)))
    }

    static func open(
        certificate: String, key: [UInt8], _ passphrase: [UInt8]
    ) throws -> RootAuthority {
        let text = String(decoding: key, as: UTF8.self)
        guard text.contains("ENCRYPTED") else {
            throw RelayHomeError.invalid("the root's key is not encrypted; it must not be carried about like this")
        }
        return try RootAuthority(certificatePEM: certificate, keyPEM: text, passphrase: passphrase)
    }
}
