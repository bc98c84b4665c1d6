import Foundation
import LessonModel
import PKI
import Relay
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct CertificateListTests {
    @Test func `the relay searches by name, fingerprint and serial number, and tells whose each one is`() async throws {
        try await TestRelay.with { relay in
            let first = try await relay.organisation("ours")
            let olga = try await relay.member(of: "ours", name: "Ольга Ö. Beridze")
            _ = try await relay.organisation("other")
            let admin = try await relay.connect(relay.admin)
            let certificate = try #require(olga.certificate)
            for search in [
                "beridze", "ОЛЬГА ö", certificate.fingerprintText,
                String(certificate.fingerprintText.prefix(9)).uppercased(),
                String(Hex.text(of: certificate.serialNumber).prefix(11)),
            ] {
                let found = try await admin.allCertificates { $0.search = search }
                #expect(found.map(\.certificate) == [Data(certificate.der)], "\(search)")
                #expect(found.map(\.memberName) == ["Ольга Ö. Beridze"])
                #expect(found.map(\.organisation) == ["ours"])
                #expect(found.map(\.issuedAtMs) == [relay.clock.now])
            }
            #expect(try await admin.allCertificates { $0.search = "nobody" }.isEmpty)
            #expect(try await admin.allCertificates { $0.organisation = "ours" }.count == 2)
            #expect(try await admin.allCertificates { $0.memberID = Data(first.member.id.bytes) }.count == 1)
            #expect(try await admin.members(search: "BERIDZE").map(\.name) == ["Ольга Ö. Beridze"])
            #expect(try await admin.memberSummaries(search: "ольга").map(\.member.name) == ["Ольга Ö. Beridze"])
            #expect(try await admin.memberSummaries(search: "nobody").isEmpty)
            let long = String(repeating: "x", count: 121)
            #expect(await admin.code { try await $0.allCertificates { $0.search = long } } == .invalid)
            #expect(await admin.code { try await $0.members(search: long) } == .invalid)
            await admin.close()
        }
    }

    @Test func `state and ends narrow the list, and what ends first is on top`() async throws {
        try await TestRelay.with { relay in
            let early = try await relay.organisation("early")
            relay.clock.advance(by: 10 * 86_400_000)
            let late = try await relay.organisation("late")
            let admin = try await relay.connect(relay.admin)
            var revoke = WireRevokeCertificates()
            revoke.memberID = Data(late.member.id.bytes)
            revoke.reason = "superseded"
            _ = try await admin.revokeCertificates(revoke)
            _ = try await admin.revokeCertificates(.hold { $0.memberID = Data(early.member.id.bytes) })
            func names(_ set: @escaping (inout WireListCertificates) -> Void) async throws -> [String] {
                try await admin.allCertificates(set).map(\.memberName)
            }
            #expect(try await names { _ in }.last == "first of late")
            #expect(try await names { $0.state = .valid } == ["Ada"])
            #expect(try await names { $0.state = .revoked } == ["first of late"])
            #expect(try await names { $0.state = .onHold } == ["first of early"])
            #expect(try await names { $0.state = .expired } == [])
            let end = try #require(late.certificate).notAfter * 1_000
            #expect(try await names { $0.endsFromMs = end } == ["first of late"])
            #expect(try await names { $0.endsFromMs = end + 1 } == [])
            #expect(Set(try await names { $0.endsBeforeMs = end }) == ["Ada", "first of early"])
            #expect(try await names { $0.endsBeforeMs = end + 1 }.count == 3)
            await admin.close()
        }
    }

    @Test func `a long list comes in pages that fit a frame, whole and in order`() async throws {
        var limits = RelayLimits()
        limits.maxFrameBytes = 8_192
        limits.maxPostBytes = 4_096
        try await TestRelay.with(limits: limits) { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            for _ in 0..<11 { _ = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000) }
            let admin = try await relay.connect(relay.admin)
            var pages = 0
            var seen: [Data] = []
            try await admin.certificates(WireListCertificates()) { page in
                pages += 1
                seen += page.certificates.map(\.fingerprint)
                #expect(page.issuers.count == 1)
            }
            #expect(pages > 2)
            #expect(seen.count == 13)
            #expect(Set(seen).count == 13)
            var list = WireListCertificates()
            list.limit = 3
            let first = try await admin.certificatePage(list)
            #expect(first.certificates.map(\.fingerprint) == Array(seen.prefix(3)))
            #expect(first.more)
            list.after = first.next
            #expect(try await admin.certificatePage(list).certificates.map(\.fingerprint) == Array(seen[3..<6]))
            list.after = Data([1])
            let broken = list
            #expect(await admin.code { try await $0.certificatePage(broken) } == .invalid)
            let more = try await admin.certificates(WireListCertificates(), limit: 5) { _ in }
            #expect(more)
            for connection in [session, admin] { await connection.close() }
        }
    }

    @Test func `organisations, members and invitations come in pages, whole and in order`() async throws {
        var limits = RelayLimits()
        limits.maxFrameBytes = 4_096
        limits.maxPostBytes = 2_048
        try await TestRelay.with(limits: limits) { relay in
            let admin = try await relay.connect(relay.admin)
            for index in 10..<30 {
                let slug = try #require(OrganisationSlug("org-\(index)"))
                try await admin.addOrganisation(Organisation(slug: slug, name: "O", country: nil, kind: .other))
                var invite = WireInvite()
                invite.organisation = slug.text
                invite.name = "Invited \(index)"
                _ = try await admin.invite(invite)
            }
            #expect(try await admin.organisations().map(\.slug) == ["office"] + (10..<30).map { "org-\($0)" })
            #expect(try await admin.organisationSummaries().count == 21)
            let open = try await admin.invitations(isOpen: true)
            #expect(open.map(\.name) == (10..<30).reversed().map { "Invited \($0)" })
            #expect(try await admin.invitations().count == 21)
            try await admin.revokeInvitation(Array(open[0].invitationID))
            #expect(try await admin.invitations(isOpen: true).count == 19)
            for index in 0..<9 {
                _ = try await relay.member(of: "office", name: "Member \(index) " + String(repeating: "x", count: 90))
            }
            let members = try await admin.members()
            #expect(members.count == 10)
            #expect(Set(members.map(\.memberID)).count == 10)
            #expect(try await admin.memberSummaries().map(\.member.memberID) == members.map(\.memberID))
            await admin.close()
        }
    }
}
