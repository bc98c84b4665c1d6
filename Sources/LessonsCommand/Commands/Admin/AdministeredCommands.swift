import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct AdministeredOrganisationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organisations", abstract: "List the organisations that you administer, with counts.")

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await options.perform { context in
            let summaries = try await context.connected { connection, _ in
                try await connection.organisationSummaries()
            }
            if context.output.isJSON {
                for summary in summaries { try context.output.json(summary.json) }
                return
            }
            var table = TextTable(
                ("ORGANISATION", .left), ("MEMBERS", .right), ("CERTIFICATES", .right), ("STATE", .left),
                ("COUNTRY", .left), ("NAME", .left), ("CONTACT", .left))
            for summary in summaries {
                let organisation = summary.organisation
                table.add(
                    StyledText(organisation.slug), StyledText("\(summary.members)"),
                    StyledText("\(summary.certificates)"),
                    organisation.suspended ? StyledText("suspended", .red) : StyledText("active", .green),
                    StyledText(organisation.country.nonEmpty ?? "-"), StyledText(organisation.name),
                    StyledText(organisation.contact.nonEmpty ?? "-"))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

struct AdministeredMembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List the members that you administer, with roles and certificates.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Only of this organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "Only those with this text in their name.")
    var search: String?

    func run() async throws {
        try await options.perform { context in
            let summaries = try await context.connected { connection, _ in
                try await connection.memberSummaries(of: organisation, search: search ?? "")
            }.sorted { ($0.member.organisation, $0.member.name) < ($1.member.organisation, $1.member.name) }
            if context.output.isJSON {
                for summary in summaries { try context.output.json(summary.json) }
                return
            }
            var table = TextTable(
                ("ORGANISATION", .left), ("ID", .left), ("STATE", .left), ("CERTIFICATE ENDS", .left),
                ("ROLES", .left), ("NAME", .left))
            for summary in summaries {
                let member = summary.member
                let end: StyledText
                if summary.certificates == 0, summary.certificatesOnHold > 0 {
                    end = StyledText("on hold", .yellow)
                } else if summary.certificatesEndMs == 0 {
                    end = StyledText("none", .red)
                } else {
                    end = StyledText(
                        TimeText.local(summary.certificatesEndMs),
                        summary.certificatesEndMs <= context.now ? .red : .plain)
                }
                table.add(
                    StyledText(member.organisation), StyledText(member.idText),
                    member.suspended ? StyledText("suspended", .red) : StyledText("active", .green), end,
                    StyledText(member.roleText), StyledText(member.name))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

extension WireOrganisationSummary {
    var json: JSONNode {
        .object([
            ("organisation", .string(organisation.slug)), ("name", .string(organisation.name)),
            ("country", .text(organisation.country.nonEmpty)),
            ("kind", .text(OrganisationKind(rawValue: organisation.kind.rawValue)?.name)),
            ("contact", .text(organisation.contact.nonEmpty)),
            ("suspended", .bool(organisation.suspended)), ("members", .integer(Int64(members))),
            ("suspended_members", .integer(Int64(suspendedMembers))),
            ("certificates", .integer(Int64(certificates))), ("created_at", .string(TimeText.iso(createdAtMs))),
        ])
    }
}

extension WireMemberSummary {
    var json: JSONNode {
        .object([
            ("member", .string(member.idText)), ("name", .string(member.name)),
            ("organisation", .string(member.organisation)),
            ("kind", .text(MemberKind(rawValue: member.kind.rawValue)?.name)),
            ("roles", .strings(member.roleNames)), ("curates", .strings(member.curatedTopics)),
            ("suspended", .bool(member.suspended)), ("certificates", .integer(Int64(certificates))),
            ("certificates_on_hold", .integer(Int64(certificatesOnHold))),
            ("certificates_end_at", certificatesEndMs == 0 ? .null : .string(TimeText.iso(certificatesEndMs))),
            ("joined_at", .string(TimeText.iso(joinedAtMs))),
        ])
    }
}
