import Foundation
package import LessonModel
import PKI

/// The steps by which an authority gets its next issuing certificate, and lets go of the one before. Each can be repeated.
///
/// Nothing here talks to a running relay: it sees the files change, and judges them itself before it uses them.
package struct AuthorityCeremony: Sendable {
    package let folder: AuthorityFolder

    package init(_ home: RelayHome) {
        folder = home.authority
    }

    // MARK: A new issuing certificate

    package struct Request: Sendable {
        package var number: Int
        package var name: String
        package var pem: String
        package var keyPath: String
        /// SHA-256 of the requested key (SubjectPublicKeyInfo) in hexadecimal, to compare with what the root's keeper reads.
        package var keyFingerprint: String
    }

    /// Makes the next issuing key here, or takes the one that waits already.
    /// - Parameters:
    ///   - passphrase: encrypts the key; the relay then needs it at each start.
    ///   - domain: the relay's, for the name.
    package func request(domain: String, passphrase: [UInt8]?) throws -> Request {
        let entries = try folder.entries()
        let waiting = entries.first { $0.state == .requested }?.number
        let number = waiting ?? (entries.map(\.number).max() ?? 0) + 1
        let key: PrivateKey
        if waiting != nil {
            key = try folder.key(number, passphrase: passphrase)
        } else {
            key = try PrivateKey.generate(.p256)
            try SecretFile.write(try key.pem(passphrase: passphrase), to: folder.keyPath(number), replacing: false)
        }
        let name = "\(domain.prefix(40)) Issuing CA \(number)"
        let request = try CertificateSigningRequest.make(key: key, commonName: name)
        return Request(
            number: number, name: name, pem: request.pem, keyPath: folder.keyPath(number),
            keyFingerprint: Hex.text(of: SHA256.digest(key.publicKey.spkiDER)))
    }

    /// Accepts what the certificate in `pem` signs from now on; it signs nothing until it is activated.
    /// - Returns: its number.
    /// - Throws: `RelayHomeError.invalid` or `PKIError` with what is wrong; nothing is changed then.
    package func accept(pem: String, passphrase: [UInt8]?, now: Milliseconds) throws -> Int {
        let certificate = try Certificate(pem: pem)
        let entries = try folder.entries()
        if let known = entries.first(where: { $0.certificate == certificate }) { return known.number }
        guard let waiting = entries.first(where: { $0.state == .requested }) else {
            throw RelayHomeError.invalid(
                "no issuing certificate was requested here: run `lessons-relay authority request`")
        }
        let key = try folder.key(waiting.number, passphrase: passphrase)
        _ = try CertificateAuthority.Issuer(
            checking: certificate, key: key, below: try folder.root(), now: now / 1_000)
        try write(certificate.pem, to: folder.certificatePath(waiting.number))
        return waiting.number
    }

    /// Lets the newest accepted issuing certificate sign, or the one with `number`.
    /// - Returns: its number, and that of the one which signed before; nil when it signs already.
    package func activate(_ number: Int?, passphrase: [UInt8]?, now: Milliseconds) throws -> (now: Int, before: Int?) {
        var state = try folder.state()
        let entries = try folder.entries()
        let chosen =
            number.map { number in entries.first { $0.number == number } }
            ?? entries.last { $0.state == .accepted || $0.state == .signing }
        guard let entry = chosen, let certificate = entry.certificate else {
            throw RelayHomeError.invalid(
                "there is no issuing certificate to activate; see `lessons-relay authority list`")
        }
        switch entry.state {
        case .signing: return (entry.number, nil)
        case .retiring, .retired, .requested:
            throw RelayHomeError.invalid("issuing-\(entry.number) is \(entry.state.rawValue); it cannot sign")
        case .accepted: break
        }
        _ = try CertificateAuthority.Issuer(
            checking: certificate, key: try folder.key(entry.number, passphrase: passphrase),
            below: try folder.root(), now: now / 1_000)
        let before = state.signs
        state.signs = entry.number
        try write(state)
        return (entry.number, before)
    }

    /// Retires an issuing certificate for good.
    /// - Parameters:
    ///   - isForced: what still relies on it is revoked. Otherwise it is accepted until nothing relies on it.
    ///   - isCompromised: the reason of those revocations is the issuer's compromise; else that it is superseded.
    package func retire(
        _ number: Int, isForced: Bool, isCompromised: Bool = false, now: Milliseconds
    ) throws {
        let reason = isCompromised ? RevocationReason.authorityCompromise : .superseded
        guard let entry = try folder.entries().first(where: { $0.number == number }) else {
            throw RelayHomeError.invalid("there is no issuing-\(number); see `lessons-relay authority list`")
        }
        switch entry.state {
        case .requested: throw RelayHomeError.invalid("issuing-\(number) was only requested; nothing relies on it")
        case .signing:
            throw RelayHomeError.invalid(
                "issuing-\(number) signs: activate another one first, and let members renew before you retire it")
        case .retired: return
        case .retiring where !isForced: return
        case .accepted, .retiring: break
        }
        var state = try folder.state()
        state.retired.removeAll { $0.number == number }
        state.retired.append(
            AuthorityFolder.Retirement(number: number, at: now, isForced: isForced, reason: reason.rawValue))
        try write(state)
    }

    /// The number of the issuing certificate that somebody names by its number, file name, common name or key identifier.
    package func number(named text: String) throws -> Int {
        let wanted = text.lowercased()
        let found = try folder.entries().filter { entry in
            let names = ["\(entry.number)", "issuing-\(entry.number)", entry.certificate?.commonName ?? ""]
            let keyID = entry.certificate?.subjectKeyID.map { Hex.text(of: $0) } ?? ""
            return names.contains { !$0.isEmpty && $0.lowercased() == wanted }
                || (wanted.count >= 8 && keyID.hasPrefix(wanted))
        }
        guard found.count == 1, let entry = found.first else {
            throw RelayHomeError.invalid("\"\(text)\" names no issuing certificate; see `lessons-relay authority list`")
        }
        return entry.number
    }

    // MARK: Files

    private func write(_ state: AuthorityFolder.State) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try write(String(decoding: try encoder.encode(state), as: UTF8.self) + "\n", to: folder.statePath)
    }

    private func write(_ text: String, to path: String) throws {
        // Not secret, but whole and on the disk when this returns, which is what the secrets' writer promises.
        try SecretFile.write(Array(text.utf8), to: path)
    }
}
