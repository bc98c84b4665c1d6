internal import FoundationEssentials
package import LessonModel
package import PKI

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The identity on disk: `identity` is a link to a folder with `identity.json`, `key.pem`, `certificate.pem` and `root.pem`.
/// The folder is complete and synced before the link points to it, so that an identity is there as a whole or not at all,
/// and a renewal never mixes the old and the new.
extension Profile {
    /// The link.
    package var identityDirectory: String { dataDirectory + "/identity" }
    /// PKCS#8, mode 0600.
    package var keyFile: String { identityDirectory + "/key.pem" }
    /// The member's certificate, then its issuers.
    package var certificateFile: String { identityDirectory + "/certificate.pem" }
    package var rootFile: String { identityDirectory + "/root.pem" }

    package var hasIdentity: Bool { Self.exists(identityDirectory) }

    /// To be asked before an invitation is spent.
    /// - Parameter isAgain: an identity that is there is to be replaced.
    /// - Throws: `.identity` when there is an identity already, or its folder cannot be written to.
    package func checkReadyToJoin(isAgain: Bool = false) throws(ClientError) {
        guard isAgain || !hasIdentity else {
            throw .identity(
                "the profile \(name) has joined a relay already; to join another one choose a profile with --profile NAME"
            )
        }
        try makeDirectories()
        guard access(dataDirectory, W_OK | X_OK) == 0 else {
            throw .identity("the folder \(dataDirectory) cannot be written to: \(Self.errorText(errno))")
        }
    }

    /// Stores the identity of a profile that has none.
    /// - Throws: `.identity`, also when there is one already, which then stays.
    package func save(_ identity: ClientIdentity) throws(ClientError) {
        try store(identity) { folder throws(ClientError) in
            // Unlike a rename, this never replaces what another process made in the meantime.
            guard symlink(folder, identityDirectory) == 0 else {
                throw errno == EEXIST
                    ? .identity("the profile \(name) has joined a relay already; nothing was changed")
                    : .identity("\(identityDirectory) cannot be made: \(Self.errorText(errno))")
            }
        }
    }

    /// Stores a renewed identity in place of the one that is there. To be called within `changing`.
    /// - Throws: `.identity`; the old one is then still there.
    package func replace(_ identity: ClientIdentity) throws(ClientError) {
        try store(identity) { folder throws(ClientError) in
            let temporary = "\(identityDirectory).\(Hex.text(of: SecureRandom.bytes(8)))"
            guard symlink(folder, temporary) == 0, rename(temporary, identityDirectory) == 0 else {
                let reason = Self.errorText(errno)
                unlink(temporary)
                throw .identity("\(identityDirectory) cannot be replaced: \(reason)")
            }
        }
        removeFolders(but: Self.folderName(of: identity))
    }

    /// - Throws: `.identity` when there is none, or it is damaged or readable by others.
    /// - Parameter passphrase: asked for when the key is protected; `isAgain` after a wrong one. What it throws ends the
    ///   loading; nil as its answer, or no such closure, too.
    package func loadIdentity(
        passphrase: ((_ isAgain: Bool) throws(ClientError) -> [UInt8]?)? = nil
    ) throws(ClientError) -> ClientIdentity {
        guard hasIdentity else {
            throw .identity(
                "the profile \(name) has joined no relay yet; join one with: lessons join INVITATION")
        }
        // The link is read once, so that a renewal at the same time cannot mix two identities; it may remove the one whose
        // folder is being read, and then the new one is there.
        var folder = try resolvedFolder()
        while true {
            do throws(ClientError) {
                return try loadIdentity(from: folder, passphrase)
            } catch {
                let current = try resolvedFolder()
                guard current != folder else { throw error }
                folder = current
            }
        }
    }

    private func loadIdentity(
        from folder: String, _ passphrase: ((_ isAgain: Bool) throws(ClientError) -> [UInt8]?)?
    ) throws(ClientError) -> ClientIdentity {
        do {
            let key = try Self.readKey(folder + "/key.pem", passphrase)
            let facts = try JSONDecoder().decode(
                IdentityFacts.self, from: Data(SecretFile.read(folder + "/identity.json")))
            return try facts.identity(
                chain: Certificate.all(pem: SecretFile.readText(folder + "/certificate.pem")),
                key: key.key, root: Certificate(pem: SecretFile.readText(folder + "/root.pem")),
                keyPassphrase: key.passphrase)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .identity("the identity in \(folder) cannot be used: \(error)")
        }
    }

    /// What is known of the stored identity without its key.
    package struct Facts: Sendable {
        package var member: MemberID
        package var memberName: String
        package var address: RelayAddress
        package var device: String
        package var rootFingerprint: [UInt8]
    }

    /// - Throws: `.identity` when there is none, or it is damaged.
    package func facts() throws(ClientError) -> Facts {
        let folder = try resolvedFolder()
        do {
            let stored = try JSONDecoder().decode(
                IdentityFacts.self, from: Data(SecretFile.read(folder + "/identity.json")))
            guard let member = MemberID(text: stored.member.id) else {
                throw ClientError.identity("identity.json is damaged; restore it from a backup, or join again")
            }
            return Facts(
                member: member, memberName: stored.member.name, address: stored.address, device: stored.device,
                rootFingerprint: try Certificate(pem: SecretFile.readText(folder + "/root.pem")).fingerprint)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .identity("the identity in \(folder) cannot be used: \(error)")
        }
    }

    /// The member's certificate, for which no passphrase is needed; nil where there is none.
    package func storedCertificate() throws(ClientError) -> Certificate? {
        guard hasIdentity else { return nil }
        do {
            return try Certificate(pem: try SecretFile.readText(certificateFile))
        } catch {
            throw .identity("the certificate in \(certificateFile) cannot be used: \(error)")
        }
    }

    /// Whether a passphrase is needed to use the key.
    package var isKeyProtected: Bool {
        guard let text = try? SecretFile.readText(keyFile) else { return false }
        return text.contains("ENCRYPTED PRIVATE KEY")
    }

    /// Writes the key of the stored `identity` anew, under its `keyPassphrase` or without protection. The file is replaced as a
    /// whole; what lay there before may still be found on the disk's free space. To be called within `changing`.
    /// - Throws: `.identity`, also when another identity is stored by now: its files are then as they were.
    package func rewriteKey(of identity: ClientIdentity) throws(ClientError) {
        let folder = try resolvedFolder()
        guard folder == dataDirectory + "/" + Self.folderName(of: identity) else {
            throw .identity("the certificate was renewed meanwhile; nothing was changed, run the command again")
        }
        do {
            try SecretFile.write(try identity.key.pem(passphrase: identity.keyPassphrase), to: folder + "/key.pem")
        } catch let error as ClientError {
            throw error
        } catch {
            throw .identity("the key cannot be written: \(error)")
        }
    }

    /// Runs `body` while no other process of this profile changes its identity. Who changes what is stored loads it within
    /// `body`: what was loaded before may be another's by now, and must not be mixed with it.
    /// - Throws: `.identity` when another one is at it for more than `patience`; what `body` throws.
    package func changing<R>(
        patience: Duration = .seconds(30), clock: some Clock<Duration> = ContinuousClock(),
        _ body: () async throws -> R
    ) async throws -> R {
        var waited = Duration.zero
        let pause = Duration.milliseconds(50)
        while true {
            if let result = try await changingIfFree(body) { return result }
            guard waited < patience else {
                throw ClientError.identity(
                    "another command is renewing the certificate of the profile \(name); run this one again in a minute"
                )
            }
            try await clock.sleep(for: pause)
            waited += pause
        }
    }

    /// As `changing`, but does not wait.
    /// - Returns: nil when another process is at it.
    package func changingIfFree<R>(_ body: () async throws -> R) async throws -> R? {
        let path = dataDirectory + "/identity.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClientError.identity("\(path) cannot be made: \(Self.errorText(errno))") }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        return try await body()
    }

    /// Whether a file written to `path` would lie among the identities of this machine's profiles, whatever links lead there.
    package func holds(_ path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let profiles = String(dataDirectory.dropLast(name.utf8.count + 1))
        guard let kept = Self.realPath(profiles) else { return false }
        return [Self.realPath(path), Self.realPath(folder)].contains { real in
            real.map { $0 == kept || $0.hasPrefix(kept + "/") } ?? false
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func readKey(
        _ path: String, _ passphrase: ((_ isAgain: Bool) throws(ClientError) -> [UInt8]?)?
    ) throws -> (key: PrivateKey, passphrase: [UInt8]?) {
        let pem = try SecretFile.readText(path)
        guard pem.contains("ENCRYPTED PRIVATE KEY") else { return (try PrivateKey(pem: pem, passphrase: nil), nil) }
        var isAgain = false
        while true {
            guard let given = try passphrase?(isAgain) else {
                throw ClientError.identity("the key of this profile is protected by a passphrase, and none was given")
            }
            switch opened(pem, given) {
            case .success(let key): return (key, given)
            case .failure(.wrongPassphrase): isAgain = true
            case .failure(let error): throw error
            }
        }
    }

    private static func opened(_ pem: String, _ passphrase: [UInt8]) -> Result<PrivateKey, PKIError> {
        Result { () throws(PKIError) in try PrivateKey(pem: pem, passphrase: passphrase) }
    }

    private func store(
        _ identity: ClientIdentity, activate: (String) throws(ClientError) -> Void
    ) throws(ClientError) {
        guard let certificate = identity.certificate, certificate.publicKey == identity.key.publicKey else {
            throw .identity("the certificate does not belong to the key; nothing was stored")
        }
        try makeDirectories()
        let folderName = Self.folderName(of: identity)
        let folder = dataDirectory + "/" + folderName
        guard mkdir(folder, 0o700) == 0 else {
            throw .identity("the folder \(folder) cannot be made: \(Self.errorText(errno))")
        }
        do throws(ClientError) {
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try SecretFile.write(Array(encoder.encode(IdentityFacts(identity))), to: folder + "/identity.json")
                try SecretFile.write(identity.key.pem(passphrase: identity.keyPassphrase), to: folder + "/key.pem")
                try SecretFile.write(identity.chain.map(\.pem).joined(), to: folder + "/certificate.pem")
                try SecretFile.write(identity.root.pem, to: folder + "/root.pem")
            } catch {
                throw .identity("the identity cannot be stored: \(error)")
            }
            // Relative, so that the whole folder can be moved.
            try activate(folderName)
        } catch {
            Self.removeFolder(folder)
            throw error
        }
        Self.syncDirectory(dataDirectory)
    }

    private func resolvedFolder() throws(ClientError) -> String {
        var target = [CChar](repeating: 0, count: 4_097)
        let count = readlink(identityDirectory, &target, 4_096)
        guard count > 0 else { throw .identity("\(identityDirectory) is not the link that it should be") }
        let name = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.hasPrefix("/") ? name : dataDirectory + "/" + name
    }

    private static func folderName(of identity: ClientIdentity) -> String {
        "identity-" + Hex.text(of: identity.certificate?.fingerprint.prefix(8) ?? [])
    }

    /// Best effort: what is left over does no harm but to the eye.
    private func removeFolders(but current: String) {
        guard let listing = opendir(dataDirectory) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("identity-"), name != current { Self.removeFolder(dataDirectory + "/" + name) }
        }
    }

    private static func removeFolder(_ folder: String) {
        for file in ["identity.json", "key.pem", "certificate.pem", "root.pem"] { unlink(folder + "/" + file) }
        rmdir(folder)
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func syncDirectory(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// What `identity.json` holds.
private struct IdentityFacts: Codable {
    struct StoredMember: Codable {
        var id: String
        var name: String
        var kind: String
        var roles: [String]
    }

    struct StoredOrganisation: Codable {
        var slug: String
        var name: String
        var country: String?
        var kind: String
    }

    static let currentVersion = 1

    var version: Int
    var relay: String
    var address: RelayAddress
    var enrolment: RelayAddress
    var device: String
    var member: StoredMember
    var organisation: StoredOrganisation

    init(_ identity: ClientIdentity) {
        version = Self.currentVersion
        relay = Hex.text(of: identity.relayID)
        address = identity.address
        enrolment = identity.enrolmentAddress
        device = identity.device
        member = StoredMember(
            id: identity.member.id.description, name: identity.member.name, kind: identity.member.kind.name,
            roles: identity.member.roles.sorted().map(\.name))
        organisation = StoredOrganisation(
            slug: identity.organisation.slug.text, name: identity.organisation.name,
            country: identity.organisation.country, kind: identity.organisation.kind.name)
    }

    func identity(
        chain: [Certificate], key: PrivateKey, root: Certificate, keyPassphrase: [UInt8]?
    ) throws(ClientError) -> ClientIdentity {
        guard version == Self.currentVersion else {
            throw .identity("identity.json was written by a newer version of this software; update it")
        }
        guard let relayID = Hex.bytes(of: relay), relayID.count == 16, let memberID = MemberID(text: member.id),
            let memberKind = MemberKind(name: member.kind), let slug = OrganisationSlug(organisation.slug),
            let kind = OrganisationKind(name: organisation.kind), (1...65_535).contains(address.port),
            (1...65_535).contains(enrolment.port)
        else { throw .identity("identity.json is damaged; restore it from a backup, or join again") }
        guard let certificate = chain.first, certificate.publicKey == key.publicKey else {
            throw .identity(
                "certificate.pem and key.pem do not belong together; restore them from a backup, or join again")
        }
        return ClientIdentity(
            chain: chain, key: key, root: root,
            member: Member(
                id: memberID, organisation: slug, name: member.name, kind: memberKind,
                roles: Set(member.roles.compactMap { Role(name: $0) })),
            organisation: Organisation(
                slug: slug, name: organisation.name, country: organisation.country, kind: kind),
            relayID: relayID, address: address, enrolmentAddress: enrolment, device: device,
            keyPassphrase: keyPassphrase)
    }
}
