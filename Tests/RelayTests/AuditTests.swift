import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

@Suite struct AuditTests {
    @Test func `acts are listed with who did them, filtered, in pages, and the chain is whole`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let admin = try await relay.connect(relay.admin)
            relay.clock.advance(by: 3_600_000)
            let later = relay.clock.now
            try await admin.setSuspended(true, member: member.member.id)
            try await admin.setSuspended(false, member: member.member.id)
            try await admin.setRoles([.curator, .contributor], of: member.member.id)

            var list = WireListAudit()
            list.sinceMs = later
            let entries = try await admin.audit(list).entries
            #expect(entries.map(\.action) == ["member.roles", "member.resume", "member.suspend"])
            #expect(entries.allSatisfy { $0.actor == relay.admin.member.id.description && $0.actorName == "Ada" })
            #expect(entries.allSatisfy { Array($0.certificateFingerprint) == relay.admin.certificate?.fingerprint })
            #expect(entries[0].detail.contains("\"before\":\"contributor\""))
            #expect(entries[0].detail.contains("\"roles\":\"contributor curator\""))
            list.action = "member.*e*d"
            #expect(try await admin.audit(list).entries.map(\.action) == ["member.suspend"])

            var all = WireListAudit()
            all.limit = 2
            var numbers: [Int64] = []
            var page = try await admin.audit(all)
            while true {
                numbers += page.entries.map(\.sequence)
                guard page.more, let last = numbers.last, numbers.count < 100 else { break }
                all.beforeSequence = last
                page = try await admin.audit(all)
            }
            #expect(numbers == Array((1...Int64(numbers.count)).reversed()))
            var host = WireListAudit()
            host.actor = "host"
            #expect(try await admin.audit(host).entries.isEmpty == false)
            #expect(try await admin.audit(host).entries.allSatisfy { $0.actor == "host" && $0.actorName.isEmpty })

            let found = try await admin.verifyAudit()
            #expect(found.entries == numbers.count)
            #expect(found.firstBroken == 0)
            let newest = try await admin.audit(WireListAudit()).entries.first?.hash
            #expect(found.headHash == newest)

            for (field, change) in [
                ("action", { $0.action = "x';--" }), ("action", { $0.action = "*****" }),
                ("actor", { $0.actor = "nobody" }), ("limit", { $0.limit = 501 }),
            ] as [(String, (inout WireListAudit) -> Void)] {
                var bad = WireListAudit()
                change(&bad)
                await #expect { _ = try await admin.audit(bad) } throws: { error in
                    guard case .request(let told)? = error as? ClientError else { return false }
                    return told.code == .invalid && told.field == field
                }
            }
            await admin.close()
        }
    }

    @Test func `an organisation administrator reads what concerns their organisation and nothing else`() async throws {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let other = try await relay.organisation("other", roles: [.organisationAdministrator])
            let admin = try await relay.connect(relay.admin)
            try await admin.setSuspended(true, member: other.member.id)
            try await admin.setSuspended(false, member: other.member.id)
            let connection = try await relay.connect(chief)
            try await connection.setRoles([.organisationAdministrator, .contributor], of: chief.member.id)
            let seen = try await connection.audit(WireListAudit()).entries
            #expect(
                seen.map(\.action) == ["member.roles", "invitation.redeem", "invitation.add", "organisation.add"])
            #expect(seen.allSatisfy { $0.detail.contains("\"organisation\":\"ours\"") })
            #expect(await connection.code { try await $0.verifyAudit() } == .forbidden)
            for connection in [admin, connection] { await connection.close() }
        }
    }

    @Test
    func `refused administrative requests are audited with the asker and the target, to a limit, and reading is not`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            _ = try? await session.thread(PostID(UUIDValue(version7At: 1, using: &generator)))
            for _ in 0..<RefusalBudget.maxPerMember + 7 {
                let code = await session.code { try await $0.setSuspended(true, organisation: slug("office")) }
                #expect(code == .forbidden)
            }
            let admin = try await relay.connect(relay.admin)
            var list = WireListAudit()
            list.action = "request.refuse"
            let refused = try await admin.audit(list).entries
            #expect(refused.count == RefusalBudget.maxPerMember)
            #expect(refused.allSatisfy { $0.actor == member.member.id.description })
            #expect(refused.allSatisfy { $0.detail.contains("\"request\":\"set_suspension\"") })
            #expect(refused.allSatisfy { $0.detail.contains("\"target\":\"office\"") })
            #expect(refused.allSatisfy { $0.detail.contains("\"code\":\"300\"") })

            relay.clock.advance(by: 60_000)
            _ = await session.code { try await $0.verifyAudit() }
            let next = try #require(try await admin.audit(list).entries.first)
            #expect(next.detail.contains("\"request\":\"verify_audit\""))
            #expect(next.detail.contains("\"left_out\":\"7\""))
            for connection in [session, admin] { await connection.close() }
        }
    }

    @Test func `the budget is bounded for one member and for all together, and starts anew each minute`() throws {
        var budget = RefusalBudget()
        let members = (0..<20).map { _ in MemberID(UUIDValue(version7At: 1, using: &generator)) }
        for now: Milliseconds in [0, 60_000, 120_000] {
            var taken: [Int] = []
            for member in members { taken.append((0..<100).count { _ in budget.take(member, now: now) != nil }) }
            #expect(taken.max() == RefusalBudget.maxPerMember)
            #expect(taken.reduce(0, +) == RefusalBudget.maxTotal)
        }
        #expect(budget.take(members[0], now: 180_000) == 90)
        #expect(budget.take(members[0], now: 180_000) == 0)
    }

    private var generator: SystemRandomNumberGenerator {
        get { SystemRandomNumberGenerator() }
        nonmutating set {}
    }

    private func slug(_ text: String) throws -> OrganisationSlug { try #require(OrganisationSlug(text)) }
}
