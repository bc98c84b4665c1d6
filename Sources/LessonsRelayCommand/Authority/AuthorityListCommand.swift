import ArgumentParser
import Foundation
import LessonModel
import Relay

struct AuthorityListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the root and the issuing certificates with their states.",
        discussion: """
            requested: its key waits for the root's signature. accepted: what it signed is accepted, it signs nothing. \
            signing: it signs members and the relay. retiring: accepted until nothing relies on it. retired: accepted no \
            more. How many certificates rely on each is told while the relay does not run; `lessons admin status` tells \
            it while it does. Reads files only, and changes nothing.
            """)

    @OptionGroup var options: AuthorityOptions

    @Flag(help: "Print one JSON object a line: the root, then the issuing certificates.")
    var json = false

    private struct Line: Encodable {
        var name: String
        var state: String
        var file: String
        var subject: String?
        var keyID: String?
        var fingerprint: String?
        var endsAt: String?
        var certificates: Int?

        enum CodingKeys: String, CodingKey {
            case name, state, file, subject, fingerprint, certificates
            case keyID = "key_id"
            case endsAt = "ends_at"
        }
    }

    func run() async throws {
        let lines = try step {
            let report = try AuthorityReport(options.home)
            var lines = [
                Line(
                    name: "root", state: report.isRootKeyHere ? "key on this machine" : "key kept elsewhere",
                    file: options.home.rootCertificatePath, subject: report.root.subject,
                    keyID: report.root.keyID, fingerprint: report.root.fingerprint,
                    endsAt: TimestampText.seconds(report.root.endsAt))
            ]
            lines += report.issuers.map { issuer in
                Line(
                    name: "issuing-\(issuer.number)", state: issuer.state, file: issuer.file,
                    subject: issuer.certificate?.subject, keyID: issuer.certificate?.keyID,
                    fingerprint: issuer.certificate?.fingerprint,
                    endsAt: issuer.certificate.map { TimestampText.seconds($0.endsAt) },
                    certificates: issuer.certificates)
            }
            return lines
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            for line in lines { print(String(decoding: try encoder.encode(line), as: UTF8.self)) }
            return
        }
        for line in lines {
            print("\(line.name): \(line.state)")
            if let subject = line.subject { print("    subject      \(subject)") }
            if let endsAt = line.endsAt { print("    ends         \(endsAt)") }
            if let keyID = line.keyID { print("    key id       \(keyID)") }
            if let fingerprint = line.fingerprint { print("    SHA-256      \(grouped(fingerprint))") }
            if let count = line.certificates { print("    in use       \(count) certificates rely on it") }
            print("    file         \(line.file)")
        }
    }
}
