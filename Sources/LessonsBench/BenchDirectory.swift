import Foundation
import LessonModel
import PKI
import Relay
import Storage

/// Members and certificates as an authority has them after some months: each member was issued a certificate every
/// twenty days, of which the last two are valid.
struct BenchDirectory {
    private static let day: Milliseconds = 86_400_000
    static let organisations = 200
    /// How far apart a member's certificates are; persons' live 30 days.
    private static let interval: Milliseconds = 20 * day
    private static let batch = 1_000

    let members: Int
    let certificatesEach: Int
    /// All certificates are for this key: making another for each would measure nothing more.
    let key: PrivateKey
    /// Whose newest certificates are at hand, to connect with.
    private(set) var live: [Certificate] = []
    private(set) var issuers: [Certificate] = []

    init(members: Int, certificatesEach: Int) throws {
        self.members = members
        self.certificatesEach = certificatesEach
        key = try PrivateKey.generate(.p256)
    }

    /// How old the authority has to be.
    var age: Milliseconds { BenchDirectory.interval * Milliseconds(certificatesEach + 1) }

    func name(_ index: Int) -> String { "Member \(index) of the bench" }

    /// Fills the relay's database with certificates that its authority issues.
    /// - Parameter keeping: how many members' newest certificates `live` is to have.
    mutating func fill(_ home: RelayHome, keeping: Int) throws {
        let authority = try home.readAuthority()
        issuers = authority.issuingCertificates
        let domain = try home.readConfiguration().domain
        let store = try RelayStore(directory: home.path)
        defer { try? store.close() }
        let now = RelayServer.systemClock()
        let audit = AuditEntry(at: now, actor: .host, action: "bench.fill")
        let slugs = (0..<BenchDirectory.organisations).compactMap { OrganisationSlug("bench-\($0)") }
        for slug in slugs {
            try store.addOrganisation(
                Organisation(slug: slug, name: "Organisation \(slug)", country: "AT", kind: .police), audit: audit)
        }
        var random = SystemCSPRNG()
        var start = 0
        while start < members {
            var rows: [(member: Member, certificates: [IssuedCertificate])] = []
            for index in start..<min(start + BenchDirectory.batch, members) {
                let id = MemberID(UUIDValue(version7At: now, using: &random))
                let member = Member(
                    id: id, organisation: slugs[index % slugs.count], name: name(index), kind: .person,
                    roles: [.contributor])
                let certificates = try issue(authority, domain, member, now)
                if live.count < keeping, let last = certificates.last { live.append(last) }
                rows.append((member, certificates.map(IssuedCertificate.init)))
            }
            try store.addMembers(rows, audit: audit)
            start += rows.count
        }
    }

    /// Oldest first.
    private func issue(
        _ authority: CertificateAuthority, _ domain: String, _ member: Member, _ now: Milliseconds
    ) throws -> [Certificate] {
        guard let uuid = UUID(uuidString: member.id.description) else { throw BenchError.unexpectedAnswer }
        let profile = try CertificateProfile.member(.person, relayDomain: domain, memberID: uuid)
        let subject = DistinguishedName(
            country: "AT", organisation: "Organisation \(member.organisation)", commonName: member.name
        ).fitting
        return try (0..<certificatesEach).reversed().map { back in
            try authority.issue(
                profile, to: key.publicKey, subject: subject,
                now: (now - Milliseconds(back) * BenchDirectory.interval) / 1_000)
        }
    }
}

extension IssuedCertificate {
    fileprivate init(_ certificate: Certificate) {
        self.init(
            fingerprint: certificate.fingerprint, issuerKeyID: certificate.authorityKeyID ?? [],
            serial: certificate.serialNumber, der: certificate.der, notBeforeSeconds: certificate.notBefore,
            notAfterSeconds: certificate.notAfter)
    }
}
