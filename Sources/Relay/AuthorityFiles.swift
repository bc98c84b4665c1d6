import Foundation
import LessonModel
package import PKI

/// Which issuing certificates of a data directory do what: the content of `authority/authority.json`.
///
/// Numbers stand for `issuing-N.pem` and `issuing-N.key`. One with a key alone was requested and waits for the root's
/// signature; one in neither list was imported by nobody.
package struct AuthorityState: Sendable, Codable, Equatable {
    /// The first signs; certificates of all are accepted.
    package var accepted: [Int]
    /// Accepted no more; kept, since old posts are checked with them.
    package var retired: [Int]

    package init(accepted: [Int], retired: [Int] = []) {
        self.accepted = accepted
        self.retired = retired
    }
}

/// The authority as a relay runs it, with the issuing certificates that it had before.
package struct LoadedAuthority: Sendable {
    package var authority: CertificateAuthority
    package var retired: [Certificate]

    /// All that certificates of authors chain through.
    package var chainCertificates: [Certificate] { authority.issuingCertificates + retired }
}

/// The authority's files. Every change is one file that is replaced as a whole, so that a kill between two steps leaves
/// either the old state or the new one.
extension RelayHome {
    package var authorityStatePath: String { authorityPath + "/authority.json" }

    package func issuingCertificatePath(_ number: Int) -> String { authorityPath + "/issuing-\(number).pem" }
    package func issuingKeyPath(_ number: Int) -> String { authorityPath + "/issuing-\(number).key" }

    /// A relay that never rolled over has no file of it.
    package func readAuthorityState() throws(RelayHomeError) -> AuthorityState {
        guard let data = FileManager.default.contents(atPath: authorityStatePath) else {
            return AuthorityState(accepted: [1])
        }
        let state: AuthorityState
        do {
            state = try JSONDecoder().decode(AuthorityState.self, from: data)
        } catch {
            throw .badConfiguration(authorityStatePath, "\(error)")
        }
        let numbers = state.accepted + state.retired
        guard !state.accepted.isEmpty, Set(numbers).count == numbers.count, numbers.allSatisfy({ $0 > 0 }) else {
            throw .badConfiguration(authorityStatePath, "accepted is empty, or a number stands in it twice")
        }
        return state
    }

    package func write(_ state: AuthorityState) throws(RelayHomeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try writePublic(String(decoding: try encoder.encode(state), as: UTF8.self) + "\n", authorityStatePath)
        } catch {
            throw .cannotWrite(authorityStatePath, "\(error)")
        }
    }

    /// The authority that signs members; the root's key is not needed.
    package func readAuthority(publication: PublicationURLs? = nil) throws(RelayHomeError) -> LoadedAuthority {
        let state = try readAuthorityState()
        do {
            let root = try Certificate(pem: try readPublic(rootCertificatePath))
            let issuers = try state.accepted.map { number in
                try CertificateAuthority.Issuer(
                    certificate: Certificate(pem: try readPublic(issuingCertificatePath(number))),
                    key: PrivateKey(pem: try SecretFile.readText(issuingKeyPath(number)), passphrase: nil))
            }
            return LoadedAuthority(
                authority: try CertificateAuthority(root: root, issuers: issuers, publication: publication),
                retired: try state.retired.map { try Certificate(pem: try readPublic(issuingCertificatePath($0))) })
        } catch {
            throw .cannotRead(authorityPath, "\(error)")
        }
    }

    /// Numbers of which a key or a certificate is there, in order.
    package var issuingNumbers: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: authorityPath)) ?? []
        let numbers = names.compactMap { name -> Int? in
            guard name.hasPrefix("issuing-"), name.hasSuffix(".key") || name.hasSuffix(".pem") else { return nil }
            return Int(name.dropFirst("issuing-".count).dropLast(4))
        }
        return Set(numbers).sorted()
    }
}
