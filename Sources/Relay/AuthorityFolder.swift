import Foundation
package import LessonModel
package import PKI

/// The authority's files: `root.pem`, `issuing-N.pem` with `issuing-N.key`, and `authority.json`, which says which of them
/// signs and which are retired.
///
/// Every step of an issuing certificate's life is one file that appears or is replaced whole, so that a step that was
/// interrupted has happened or has not: the key alone is a request; the certificate beside it makes it accepted;
/// `authority.json` makes it sign, and retires it. No step deletes anything.
package struct AuthorityFolder: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var rootCertificatePath: String { path + "/root.pem" }
    package var rootKeyPath: String { path + "/root.key" }
    package var statePath: String { path + "/authority.json" }
    package func certificatePath(_ number: Int) -> String { path + "/issuing-\(number).pem" }
    package func keyPath(_ number: Int) -> String { path + "/issuing-\(number).key" }

    package var holdsRootKey: Bool { FileManager.default.fileExists(atPath: rootKeyPath) }

    /// What `authority.json` holds. A relay that has never rolled over has no such file.
    package struct State: Sendable, Codable, Equatable {
        /// The number of the issuing certificate that signs.
        package var signs = 1
        package var retired: [Retirement] = []

        package func retirement(of number: Int) -> Retirement? { retired.first { $0.number == number } }
    }

    package struct Retirement: Sendable, Codable, Equatable {
        package var number: Int
        package var at: Milliseconds
        /// True: what still relies on it is revoked. False: it goes on being accepted until nothing relies on it.
        package var isForced: Bool
        /// A CRLReason (RFC 5280 §5.3.1) for what is revoked.
        package var reason: Int
    }

    /// One issuing certificate, or the request for one.
    package struct Entry: Sendable, Equatable {
        package enum State: String, Sendable {
            /// Its key is here and waits for the root's signature.
            case requested
            case accepted
            case signing
            /// Accepted until no certificate relies on it any more.
            case retiring
            case retired
        }

        package var number: Int
        package var state: State
        /// Nil while it is requested.
        package var certificate: Certificate?
        package var retirement: Retirement?
    }

    // MARK: Reading

    package func root() throws(RelayHomeError) -> Certificate { try certificate(at: rootCertificatePath) }

    package func state() throws(RelayHomeError) -> State {
        guard FileManager.default.fileExists(atPath: statePath) else { return State() }
        guard let data = FileManager.default.contents(atPath: statePath) else {
            throw .cannotRead(statePath, "no permission")
        }
        do {
            return try JSONDecoder().decode(State.self, from: data)
        } catch {
            throw .cannotRead(statePath, "\(error)")
        }
    }

    /// All issuing certificates and requests, in the order of their numbers.
    package func entries() throws(RelayHomeError) -> [Entry] {
        let state = try state()
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .cannotRead(path, "\(error)")
        }
        var entries: [Entry] = []
        for number in Set(names.compactMap(Self.number)).sorted() {
            guard names.contains("issuing-\(number).pem") else {
                entries.append(Entry(number: number, state: .requested))
                continue
            }
            let retirement = state.retirement(of: number)
            entries.append(
                Entry(
                    number: number,
                    state: number == state.signs
                        ? .signing : retirement.map { $0.isForced ? .retired : .retiring } ?? .accepted,
                    certificate: try certificate(at: certificatePath(number)), retirement: retirement))
        }
        guard entries.contains(where: { $0.state == .signing }) else {
            throw .cannotRead(certificatePath(state.signs), "the issuing certificate that signs is not there")
        }
        if state.retirement(of: state.signs) != nil {
            throw .cannotRead(statePath, "issuing-\(state.signs) signs and is retired at once; one of the two must go")
        }
        return entries
    }

    /// The authority as a relay uses it.
    /// - Parameters:
    ///   - passphrase: of issuing keys that are encrypted.
    ///   - inUse: how many certificates rely on each issuer, by key identifier. One that is retiring is retired when
    ///     nothing does; without the numbers it goes on being accepted.
    ///   - forcing: false treats a forced retirement like any other.
    package func authority(
        publication: PublicationURLs?, passphrase: [UInt8]?, inUse: [[UInt8]: Int]? = nil, forcing: Bool = true
    ) throws(RelayHomeError) -> CertificateAuthority {
        let entries = try entries()
        do {
            var accepted: [(number: Int, issuer: CertificateAuthority.Issuer)] = []
            var retired: [Certificate] = []
            var signing = 0
            for entry in entries {
                guard let certificate = entry.certificate else { continue }
                if entry.state == .signing { signing = entry.number }
                let isOver = inUse.map { $0[certificate.subjectKeyID ?? [], default: 0] == 0 } ?? false
                if entry.state == .retired && forcing || entry.retirement != nil && isOver {
                    retired.append(certificate)
                    continue
                }
                let key = try key(entry.number, passphrase: passphrase)
                accepted.append((entry.number, try CertificateAuthority.Issuer(certificate: certificate, key: key)))
            }
            // The one that signs, then the newest first.
            accepted.sort { ($0.number == signing ? .max : $0.number) > ($1.number == signing ? .max : $1.number) }
            return try CertificateAuthority(
                root: try root(), issuers: accepted.map(\.issuer), retired: retired, publication: publication)
        } catch let error as RelayHomeError {
            throw error
        } catch {
            throw .cannotRead(path, "\(error)")
        }
    }

    package func key(_ number: Int, passphrase: [UInt8]?) throws(RelayHomeError) -> PrivateKey {
        do {
            return try PrivateKey(pem: try SecretFile.readText(keyPath(number)), passphrase: passphrase)
        } catch {
            throw .cannotRead(keyPath(number), "\(error)")
        }
    }

    private func certificate(at path: String) throws(RelayHomeError) -> Certificate {
        do {
            return try Certificate(pem: try String(contentsOf: URL(filePath: path), encoding: .utf8))
        } catch {
            throw .cannotRead(path, "\(error)")
        }
    }

    /// The N of `issuing-N.pem` and `issuing-N.key`.
    private static func number(of name: String) -> Int? {
        guard name.hasPrefix("issuing-"), name.hasSuffix(".pem") || name.hasSuffix(".key") else { return nil }
        return Int(name.dropFirst("issuing-".count).dropLast(".pem".count)).flatMap { $0 > 0 ? $0 : nil }
    }
}

extension RelayHome {
    package var authority: AuthorityFolder { AuthorityFolder(path: authorityPath) }
}
