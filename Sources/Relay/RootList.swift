import Foundation
package import LessonModel
package import PKI

/// The root's revocation list: which issuing certificates are trusted no more. It is made where the root's key is, good for a
/// year, and carried to the relay, which publishes it.
package enum RootList {
    /// Signs the next list. Needs no relay and no network.
    /// - Parameters:
    ///   - previous: the last list, whose entries and number go on; nil only when there never was one.
    ///   - revoking: issuing certificates to add, now and for `reason`.
    /// - Throws: `RelayHomeError.invalid` when the last list, or a certificate to revoke, is not this root's.
    package static func sign(
        previous: RevocationList?, revoking: [Certificate], reason: RevocationReason, rootCertificate: String,
        rootKeyPath: String, passphrase: [UInt8], now: Milliseconds
    ) throws -> RevocationList {
        let root = try OfflineRoot.open(
            certificate: rootCertificate, key: try SecretFile.read(rootKeyPath), passphrase)
        if let previous, !previous.isSigned(by: root.certificate) {
            throw RelayHomeError.invalid("the previous list is not of this root")
        }
        var entries = previous?.entries ?? []
        for certificate in revoking {
            guard certificate.isSigned(by: root.certificate), certificate != root.certificate else {
                throw RelayHomeError.invalid("\(certificate.subject) is no certificate that this root signed")
            }
            guard !entries.contains(where: { $0.serialNumber == certificate.serialNumber }) else { continue }
            entries.append(
                RevocationList.Entry(serialNumber: certificate.serialNumber, reason: reason, time: now / 1_000))
        }
        return try root.revocationList(entries, number: (previous?.number ?? 0) + 1, now: now / 1_000)
    }

    /// Puts `pem` in the place of the relay's list; a running relay publishes it within two seconds.
    /// - Throws: `RelayHomeError.invalid` unless this relay's root signed it and its number is above the present one's.
    package static func accept(pem: String, in home: RelayHome) throws -> RevocationList {
        let list = try RevocationList(pem: pem)
        guard list.isSigned(by: try home.authority.root()) else {
            throw RelayHomeError.invalid("the list is not signed by this relay's root")
        }
        if let known = home.readRootList(), known.der != list.der, known.number >= list.number {
            throw RelayHomeError.invalid(
                "the list has the number \(list.number), and number \(known.number) is published already; sign it again with "
                    + "--previous \(home.rootListPath)")
        }
        do {
            try Data(list.pem.utf8).write(to: URL(filePath: home.rootListPath), options: .atomic)
        } catch {
            throw RelayHomeError.cannotWrite(home.rootListPath, "\(error)")
        }
        return list
    }
}
