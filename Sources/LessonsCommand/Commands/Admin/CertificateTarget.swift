import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import Wire

/// Whose certificates a command is about: one certificate, a member's, or an organisation's.
struct CertificateTarget: ParsableArguments {
    @Option(help: "One certificate, by its fingerprint or the first 8 or more digits of it.")
    var fingerprint: String?

    @Option(help: "All certificates of a member, by id.")
    var member: MemberID?

    @Option(help: "All certificates of an organisation.")
    var organisation: OrganisationSlug?

    enum Found {
        case fingerprint(Data)
        case member(MemberID, name: String, organisation: String)
        case organisation(OrganisationSlug)

        /// What a person types to confirm.
        var name: String {
            switch self {
            case .fingerprint(let bytes): String(Hex.text(of: bytes).prefix(16))
            case .member(_, let name, _): name
            case .organisation(let slug): slug.text
            }
        }

        /// In a sentence.
        var what: String {
            switch self {
            case .fingerprint: "the certificate \(name)…"
            case .member(_, let name, let organisation): "all certificates of \(name) (\(organisation))"
            case .organisation(let slug): "all certificates of \(slug)"
            }
        }
    }

    func validate() throws {
        guard [fingerprint != nil, member != nil, organisation != nil].filter(\.self).count == 1 else {
            throw ValidationError("say which: one of --fingerprint, --member and --organisation")
        }
    }

    /// - Throws: NOT_FOUND, AMBIGUOUS.
    func find(_ connection: RelayConnection) async throws -> Found {
        if let organisation { return .organisation(organisation) }
        if let member {
            let known = try await connection.knownMember(member)
            return .member(member, name: known.name, organisation: known.organisation)
        }
        return .fingerprint(try await CertificateReference(fingerprint ?? "").find(connection).entry.fingerprint)
    }
}

/// A certificate named by its fingerprint, or the beginning of it.
struct CertificateReference {
    private static let minDigits = 8

    private let digits: String

    init(_ text: String) { digits = text.lowercased().replacing(":", with: "") }

    /// - Throws: NOT_FOUND, AMBIGUOUS.
    func find(_ connection: RelayConnection) async throws -> (entry: WireCertificateEntry, issuers: [Data]) {
        var matches: [WireCertificateEntry] = []
        var issuers: [Data] = []
        if digits.utf8.count >= Self.minDigits {
            var list = WireListCertificates()
            list.search = String(digits.prefix(64))
            try await connection.certificates(list) { page in
                matches += page.certificates.filter { Hex.text(of: $0.fingerprint).hasPrefix(digits) }
                issuers = page.issuers
            }
        }
        guard matches.count == 1 else {
            throw CommandFailure(
                .missingInput, matches.isEmpty ? "NOT_FOUND" : "AMBIGUOUS",
                matches.isEmpty
                    ? "no certificate has the fingerprint \(digits)…"
                    : "\(matches.count) certificates begin with \(digits)",
                hint: "see them with: lessons admin certificates; give \(Self.minDigits) digits or more")
        }
        return (matches[0], issuers)
    }
}
