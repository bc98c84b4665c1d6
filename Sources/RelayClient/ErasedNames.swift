internal import PKI
package import Storage
import Wire

/// Names of people that were erased at the relay, on this machine.
package enum ErasedNames {
    /// Puts the certificates without names that the relay has now in the place of those that the mirror keeps. Asks for
    /// nothing where the relay has erased none since the last time. When it throws it can be done again.
    package static func follow(over connection: RelayConnection, in mirror: ClientMirror) async throws {
        let told = connection.welcome.namesErasedMs
        guard try mirror.namesErasedAt() < told else { return }
        var rest = try mirror.certificateFingerprints()[...]
        while !rest.isEmpty {
            let list = try await connection.certificates(Array(rest.prefix(PostVerifier.maxFetched)))
            rest = rest.dropFirst(PostVerifier.maxFetched)
            for entry in list.certificates {
                let fingerprint = Array(entry.fingerprint)
                let certificate = try? Certificate(der: entry.certificate)
                guard certificate?.fingerprint != fingerprint else { continue }
                try mirror.replaceCertificate(fingerprint: fingerprint, with: certificate?.der)
            }
        }
        try mirror.setNamesErasedAt(told)
    }
}
