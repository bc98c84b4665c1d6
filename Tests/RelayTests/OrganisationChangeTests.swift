import Foundation
import LessonModel
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct OrganisationChangeTests {
    @Test
    func `what is said of an organisation changes at once, for all who see it, and the audit log keeps what it was`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let admin = try await relay.connect(relay.admin)
            try await admin.changeOrganisation(
                .with("ours") {
                    $0.name = "Ombudsman of Kosovo"
                    $0.country = ""
                    $0.kind = .oversight
                    $0.contact = "desk@ours.example"
                })
            let seen = try #require(try await session.organisations().first { $0.slug == "ours" })
            #expect([seen.name, seen.country, seen.contact] == ["Ombudsman of Kosovo", "", "desk@ours.example"])
            #expect(seen.kind == .oversight)
            #expect(try await admin.organisationSummaries().last?.organisation.contact == "desk@ours.example")
            var list = WireListAudit()
            list.action = "organisation.change"
            let entry = try #require(try await admin.audit(list).entries.first)
            for fact in [
                "\"name.before\":\"ours\"", "\"name\":\"Ombudsman of Kosovo\"", "\"country.before\":\"AL\"",
                "\"kind.before\":\"police\"", "\"contact.before\":\"\"",
            ] { #expect(entry.detail.contains(fact), "\(entry.detail)") }
            // A change that changes nothing leaves no entry.
            try await admin.changeOrganisation(.with("ours") { $0.kind = .oversight })
            #expect(try await admin.audit(list).entries.count == 1)
            try await relay.restart()
            let again = try await relay.connect(member)
            #expect(again.welcome.organisation.name == "Ombudsman of Kosovo")
            await again.close()
        }
    }

    @Test func `an organisation administrator changes the contact of the own organisation and nothing else`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            _ = try await relay.organisation("other")
            let connection = try await relay.connect(chief)
            try await connection.changeOrganisation(.with("ours") { $0.contact = "chief@ours.example" })
            #expect(try await connection.organisations().last?.contact == "chief@ours.example")
            for change: WireChangeOrganisation in [
                .with("ours") { $0.name = "Grander" }, .with("ours") { $0.country = "AT" },
                .with("ours") { $0.kind = .media }, .with("other") { $0.contact = "us" },
            ] { #expect(await connection.code { try await $0.changeOrganisation(change) } == .forbidden) }
            for change: WireChangeOrganisation in [
                .with("ours") { $0.contact = "two\nlines" },
                .with("ours") { $0.contact = String(repeating: "x", count: 201) },
            ] { #expect(await connection.code { try await $0.changeOrganisation(change) } == .invalid) }
            let admin = try await relay.connect(relay.admin)
            for change: WireChangeOrganisation in [
                .with("ours") { $0.name = "" }, .with("ours") { $0.country = "XX" },
                .with("ours") { $0.kind = .unspecified },
            ] { #expect(await admin.code { try await $0.changeOrganisation(change) } == .invalid) }
            #expect(
                await admin.code { try await $0.changeOrganisation(.with("nobody") { $0.name = "N" }) } == .notFound)
            for connection in [connection, admin] { await connection.close() }
        }
    }
}

extension WireChangeOrganisation {
    fileprivate static func with(_ slug: String, _ set: (inout Self) -> Void) -> Self {
        var change = Self()
        change.organisation = slug
        set(&change)
        return change
    }
}
