import Foundation
package import LessonModel
import PKI
import Storage
import Wire

/// Makes a relay in an empty directory: authority, certificate, database, topics, and the first administrator's invitation.
package struct RelaySetup: Sendable {
    package var configuration: RelayConfiguration
    package var organisation: Organisation
    package var administrator: String
    /// Encrypts the root's key; at least 12 bytes.
    package var rootPassphrase: [UInt8]

    package static let minPassphraseBytes = 12
    private static let invitationLifetime: Milliseconds = 7 * 24 * 3_600_000

    package init(
        configuration: RelayConfiguration, organisation: Organisation, administrator: String, rootPassphrase: [UInt8]
    ) {
        self.configuration = configuration
        self.organisation = organisation
        self.administrator = administrator
        self.rootPassphrase = rootPassphrase
    }

    /// - Returns: the first administrator's invitation.
    /// - Throws: when the directory holds a relay, or nothing can be written there.
    package func make(in home: RelayHome, now: Milliseconds) throws -> String {
        guard !home.exists else { throw RelayHomeError.alreadyARelay(home.path) }
        guard rootPassphrase.count >= RelaySetup.minPassphraseBytes else {
            throw RelayHomeError.invalid(
                "the root's passphrase is shorter than \(RelaySetup.minPassphraseBytes) bytes; choose a longer one")
        }
        try home.createDirectories()
        let (root, authority) = try CertificateAuthority.create(
            name: configuration.domain, organisation: organisation.name, country: organisation.country,
            now: now / 1_000, publication: configuration.publicationURLs())
        try home.write(root: root, authority: authority, passphrase: rootPassphrase, now: now)
        try home.write(RelayCredential(issuedBy: authority, names: configuration.names, now: now))
        let store = try RelayStore(directory: home.path)
        defer { try? store.close() }
        try store.addTopics(
            DefaultTopics.all, audit: AuditEntry(at: now, actor: .host, action: "topic.add", detail: ["set": "default"])
        )
        try store.addOrganisation(
            organisation,
            audit: AuditEntry(
                at: now, actor: .host, action: "organisation.add", detail: ["organisation": organisation.slug.text]))
        let text = try RelaySetup.invite(
            configuration, store, root: root.certificate, organisation: organisation.slug, name: administrator,
            roles: [.relayAdministrator, .organisationAdministrator, .curator, .contributor], now: now)
        // Last: a directory with this file is a complete relay.
        try home.write(configuration)
        return text
    }

    /// An invitation made on the relay's own machine while the relay does not run, for the first administrator or for
    /// one who has lost every certificate.
    package static func invite(
        home: RelayHome, organisation: OrganisationSlug, name: String, roles: Set<Role>, now: Milliseconds
    ) throws -> String {
        let configuration = try home.readConfiguration()
        let root = try home.authority.root()
        let store: RelayStore
        do {
            store = try RelayStore(directory: home.path)
        } catch StorageError.locked {
            throw RelayHomeError.invalid(
                "the relay runs: invite with `lessons admin invite`, or stop it if no administrator can connect any more"
            )
        }
        defer { try? store.close() }
        guard try store.organisation(organisation) != nil else {
            throw RelayHomeError.invalid("there is no organisation \(organisation)")
        }
        return try invite(
            configuration, store, root: root, organisation: organisation, name: name, roles: roles, now: now)
    }

    private static func invite(
        _ configuration: RelayConfiguration, _ store: RelayStore, root: Certificate, organisation: OrganisationSlug,
        name: String, roles: Set<Role>, now: Milliseconds
    ) throws -> String {
        let token = SecureRandom.bytes(Wire.Invitation.tokenBytes)
        _ = try store.addInvitation(
            tokenHash: SHA256.digest(token),
            terms: InvitationTerms(
                organisation: organisation, memberName: name, memberKind: .person, roles: roles, createdAt: now,
                expiresAt: now + invitationLifetime),
            audit: AuditEntry(
                at: now, actor: .host, action: "invitation.add",
                detail: ["organisation": organisation.text, "name": name]))
        return Wire.Invitation(
            host: configuration.host, port: configuration.port, enrolmentPort: configuration.enrolmentPort,
            rootFingerprint: root.fingerprint, token: token
        ).text
    }
}
