import ArgumentParser
import Foundation
import LessonModel
import PKI
import Storage
import TerminalUI
import TestSupport
import Testing
import Wire

@testable import LessonsCommand

@Suite struct AdministrationTests {
    private let day: Milliseconds = 86_400_000

    @Test func `the state shows every accepted issuer, and the relay's warnings as it orders them`() {
        var status = WireStatus()
        status.relayCertificateEndsMs = 60 * day
        status.issuingCertificateEndsMs = 1_000 * day
        for (name, signs) in [("New CA", true), ("Old CA", false)] {
            var issuer = WireIssuerStatus()
            issuer.name = name
            issuer.signs = signs
            issuer.endsMs = 1_000 * day
            issuer.certificates = 7
            status.issuers.append(issuer)
        }
        status.warnings = ["first", "second"]
        let lines = status.lines(now: 0).map(\.plainText)
        #expect(lines.contains { $0.contains("issuing, signs") && $0.contains("New CA") })
        #expect(lines.contains { $0.contains("issuing, accepted") && $0.contains("Old CA") && $0.contains("7 cert") })
        #expect(!lines.contains { $0.hasPrefix("issuing certificate") })
        let json = status.json.line
        #expect(json.contains(#""warnings":["first","second"]"#))
        #expect(json.contains(#""name":"New CA","key_id":"","ends_at""#) && json.contains(#""signs":true"#))
    }

    @Test func `an audit entry reads as name and value, and as an object in JSON`() {
        var record = WireAuditRecord()
        record.sequence = 7
        record.atMs = 1_790_000_000_000
        record.actor = "host"
        record.action = "member.roles"
        record.detail = #"{"before":"reader","roles":"reader curator"}"#
        record.hash = Data([1, 2])
        #expect(record.detailText == #"before=reader roles="reader curator""#)
        #expect(record.json.line.contains(#""detail":{"before":"reader","roles":"reader curator"}"#))
        #expect(record.json.line.contains(#""actor_name":null,"certificate":null"#))
        record.detail = "no JSON"
        #expect(record.detailText == "no JSON")
        #expect(record.json.line.contains(#""detail":"no JSON""#))
    }

    @Test(arguments: [
        ["audit", "--verify", "--since", "7d"], ["audit", "--limit", "-1"], ["certificates", "--expiring", "-1"],
        ["certificates", "--expiring", "x"], ["set-roles", "0199c7a0-0000-7000-8000-000000000000"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "king"], ["suspend-organisation", "A B"],
        ["suspend-member", "somebody"],
        ["invite", "--organisation", "al-police", "--name", "Ina", "--qr", "--json"],
        ["invite", "--member", "0199c7a0-0000-7000-8000-000000000000", "--name", "Ina"],
        ["certificates", "--expiring", "14", "--state", "revoked"], ["certificates", "--state", "odd"],
        ["certificates", "--limit", "-1"], ["certificate"], ["certificate", "0a1b2c3d", "--chain"],
        ["certificate", "0a1b2c3d", "--output", "-", "--json"], ["release"],
        ["release", "--fingerprint", "0a1b2c3d", "--organisation", "al-police"], ["revoke", "--reason", "hold"],
        ["revoke", "--organisation", "al-police", "--reason", "boredom"], ["change-organisation", "al-police"],
        ["change-organisation", "al-police", "--country", "AL", "--no-country"], ["remove-organisation"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "reader", "--curates", "media"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "curator", "--curates", "Me dia"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "curator", "--curates", "#", "--curates", "media"],
        ["audit", "--verify", "--export", "log.jsonl"], ["audit", "--export", "log.jsonl", "--since", "7d"],
    ])
    func `arguments that make no sense are refused before anything is asked of the relay`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Lessons.parseAsRoot(["admin"] + arguments) }
    }

    @Test(arguments: [
        ["organisations", "--json"], ["members", "al-police"], ["status"], ["audit", "--action", "member.*"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "curator", "contributor"],
        ["suspend-organisation", "al-police", "--confirm", "al-police"], ["resume-organisation", "al-police"],
        ["suspend-member", "0199c7a0-0000-7000-8000-000000000000", "--confirm", "Ina"],
        ["resume-member", "0199c7a0-0000-7000-8000-000000000000"], ["certificates", "--expiring", "14"],
        ["invite", "--organisation", "al-police", "--name", "Ina", "--qr", "--output", "ina.txt"],
        ["invite", "--member", "0199c7a0-0000-7000-8000-000000000000", "--valid", "1d"],
        ["invite", "--device-of", "0199c7a0-0000-7000-8000-000000000000"],
        ["invitations", "--open", "--json"], ["members", "--search", "ina"],
        ["certificates", "al-police", "--search", "ina", "--state", "on-hold", "--limit", "0"],
        ["certificate", "0a1b2c3d", "--output", "ina.pem", "--chain"], ["release", "--organisation", "al-police"],
        ["revoke", "--fingerprint", "0a1b2c3d", "--reason", "hold", "--confirm", "0a1b2c3d00000000"],
        ["revoke", "--organisation", "al-police", "--reason", "certificateHold"],
        ["change-organisation", "al-police", "--name", "Police", "--no-country", "--contact", ""],
        ["remove-organisation", "al-police", "--confirm", "al-police"],
        ["remove-member", "0199c7a0-0000-7000-8000-000000000000", "--confirm", "Ina"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "curator", "--curates", "media", "--curates", "arms"],
        ["set-roles", "0199c7a0-0000-7000-8000-000000000000", "curator", "--curates", "#"],
        ["audit", "--export", "log.jsonl"], ["audit", "--verify-file", "log.jsonl"],
    ])
    func `the administrators' commands are understood`(arguments: [String]) throws {
        _ = try Lessons.parseAsRoot(["admin"] + arguments)
    }

    @Test func `a curator's topics stand beside the role`() {
        var member = WireMember()
        member.roles = [.contributor, .curator]
        #expect(member.roleText == "contributor,curator")
        member.curatedTopics = ["media", "policing/community"]
        #expect(member.roleText == "contributor,curator(media policing/community)")
        #expect(member.json.line.contains(#""curates":["media","policing/community"]"#))
    }

    @Test func `a certificate is told as valid, expired, revoked or on hold`() throws {
        let authority = try TestAuthority(now: 1_790_000_000)
        func shown(_ validity: TestAuthority.Validity, _ reason: String = "") throws -> ShownCertificate {
            var entry = WireCertificateEntry()
            entry.certificate = Data(try authority.member(validity: validity).certificate.der)
            entry.revokedAtMs = reason.isEmpty ? 0 : 5
            entry.revocationReason = reason
            return ShownCertificate(entry, now: authority.now * 1_000)
        }
        #expect(try shown(.current).state == .valid)
        #expect(try shown(.expired).state == .expired)
        #expect(try shown(.current, "keyCompromise").state == .revoked)
        #expect(try shown(.expired, "certificateHold").state == .onHold)
        let line = try shown(.current, "certificateHold").json.line
        #expect(line.contains(#""state":"on-hold""#))
        #expect(line.contains(#""revocation_reason":"certificateHold""#))
    }

    // MARK: The audit log as a file

    /// Three entries as a relay makes them, exported.
    private func exported() -> [String] {
        var previous = Storage.AuditRecord.originHash
        return (Int64(1)...3).map { number in
            var record = Storage.AuditRecord(
                sequence: number, at: 1_000 + number,
                actor: number == 1 ? "host" : "0199c7a0-0000-7000-8000-000000000000",
                certificate: number == 1 ? nil : [0xAB], action: "test", detail: #"{"path":"a\/b","name":"Ö"}"#,
                hash: [])
            record.hash = record.hash(after: previous)
            previous = record.hash
            var told = WireAuditRecord()
            told.sequence = record.sequence
            told.atMs = record.at
            told.actor = record.actor
            told.certificateFingerprint = Data(record.certificate ?? [])
            told.action = record.action
            told.detail = record.detail
            told.hash = Data(record.hash)
            return AuditFile.line(of: told).line
        }
    }

    @Test func `an exported audit log is whole, and a change, a gap or a missing beginning is found at its line`() {
        let lines = exported()
        func verify(_ lines: [String]) -> AuditFile.Found { AuditFile.verify(lines.map { $0[...] }) }
        let whole = verify(lines)
        #expect(whole.entries == 3)
        #expect(whole.firstBrokenLine == 0)
        #expect(Hex.text(of: whole.headHash) != Hex.text(of: Storage.AuditRecord.originHash))
        #expect(lines[2].contains(Hex.text(of: whole.headHash)))
        for (old, new) in [
            ("test", "best"), ("1002", "1003"), ("\"ab\"", "\"ac\""), ("0199c7a0", "0199c7a1"), ("Ö", "O"),
        ] {
            var changed = lines
            changed[1] = changed[1].replacing(old, with: new)
            #expect(changed[1] != lines[1], "\(old)")
            #expect(verify(changed).firstBrokenLine == 2, "\(old)")
        }
        #expect(verify([lines[0], lines[2]]).firstBrokenLine == 2)
        #expect(verify(Array(lines.dropFirst())).firstBrokenLine == 1)
        #expect(verify([lines[0], "no JSON"]).firstBrokenLine == 2)
        #expect(verify([]).entries == 0)
    }
}
