import ArgumentParser
import Foundation
import LessonModel
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
    ])
    func `the administrators' commands are understood`(arguments: [String]) throws {
        _ = try Lessons.parseAsRoot(["admin"] + arguments)
    }
}
