package import LessonModel
import PKI
import Storage

/// What stands in an authority's folder, for the one at the relay's machine.
package struct AuthorityReport: Sendable {
    package struct Described: Sendable {
        /// RFC 4514.
        package var subject: String
        /// Hexadecimal.
        package var keyID: String
        /// Of the certificate, SHA-256, hexadecimal.
        package var fingerprint: String
        package var endsAt: Milliseconds

        init(_ certificate: Certificate) {
            subject = certificate.subject
            keyID = Hex.text(of: certificate.subjectKeyID ?? [])
            fingerprint = certificate.fingerprintText
            endsAt = certificate.notAfter * 1_000
        }
    }

    package struct Issuer: Sendable {
        package var number: Int
        package var state: String
        package var file: String
        /// Nil while it is requested.
        package var certificate: Described?
        /// That rely on it now; nil while a relay runs, which alone knows.
        package var certificates: Int?
    }

    package let root: Described
    package let isRootKeyHere: Bool
    package let issuers: [Issuer]

    /// - Parameter now: decides which certificates have ended.
    package init(_ home: RelayHome, now: Milliseconds = RelayServer.systemClock()) throws {
        let folder = home.authority
        root = Described(try folder.root())
        isRootKeyHere = folder.holdsRootKey
        let inUse = try AuthorityReport.certificatesInUse(home, now: now)
        issuers = try folder.entries().map { entry in
            let keyID = entry.certificate?.subjectKeyID
            return Issuer(
                number: entry.number, state: entry.state.rawValue,
                file: entry.certificate == nil ? folder.keyPath(entry.number) : folder.certificatePath(entry.number),
                certificate: entry.certificate.map(Described.init),
                certificates: inUse.flatMap { inUse in keyID.map { inUse[$0] ?? 0 } })
        }
    }

    /// Nil while a relay has the store open.
    private static func certificatesInUse(_ home: RelayHome, now: Milliseconds) throws -> [[UInt8]: Int]? {
        do {
            let store = try RelayStore(directory: home.path)
            defer { try? store.close() }
            return try store.certificatesInUse(now: now)
        } catch StorageError.locked {
            return nil
        }
    }
}
