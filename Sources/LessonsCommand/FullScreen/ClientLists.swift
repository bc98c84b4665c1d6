import Foundation
import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

/// What the client's lists hold, from this machine or from the relay.
struct ClientLists {
    private static let maxRows = 500

    let context: CommandContext
    let link: ClientLink

    func items(_ kind: ListKind) async throws -> [ListItem] {
        switch kind {
        case .outbox: return try outbox()
        case .drafts: return try ClientDrafts(context.profile).items()
        case .subscriptions: return subscriptions()
        case .queue: return try await queue(connection())
        case .owed: return try await owed(connection())
        case .organisations: return try await organisations(connection())
        case .members: return try await members(connection())
        case .invitations: return try await invitations(connection())
        case .certificates: return try await certificates(connection())
        case .audit: return try await audit(connection())
        }
    }

    private func connection() throws -> RelayConnection {
        if let connection = link.connection { return connection }
        throw CommandFailure(.unreachable, "OFFLINE", Texts.Work.needsRelay)
    }

    // MARK: Here

    private func outbox() throws -> [ListItem] {
        try context.profile.openOutbox().items().compactMap { entry in
            let head = StyledText(TimeText.local(entry.item.createdAt) + "  ", .dim) + StyledText(entry.item.title)
            switch entry.state {
            case .pending:
                return ListItem(
                    .outbox(entry.item.id), head + StyledText("  waits", .yellow),
                    detail: [StyledText(Texts.Work.waits(tries: entry.attempts))])
            case .refused(_, let reason):
                return ListItem(
                    .outbox(entry.item.id), head + StyledText("  refused", .red),
                    detail: [StyledText(reason).onOneLine])
            case .sent: return nil
            }
        }
    }

    private func subscriptions() -> [ListItem] {
        link.followed.map { filter in
            let topics = filter.topics.map { "\($0)" }
            return ListItem(.filter(topics.joined(separator: " ")), StyledText(filter.text, .cyan))
        }
    }

    // MARK: At the relay

    private func queue(_ connection: RelayConnection) async throws -> [ListItem] {
        try await connection.allHeld(mine: false).map { held in
            let row = HeldRow(held)
            var line = StyledText("\(held.number)  ", .bold) + StyledText(held.topic + "  ", .cyan)
            line += StyledText((row.post?.organisation.text ?? "-") + "  ") + StyledText(row.headline)
            return ListItem(.held(held.number), line, detail: row.lines(width: 76))
        }
    }

    private func owed(_ connection: RelayConnection) async throws -> [ListItem] {
        var list = WireListOwed()
        list.limit = 200
        list.filters = Array(try await connection.subscriptions().flatMap(\.filters).prefix(64))
        return try await connection.owed(list).threads.compactMap { summary in
            guard let row = TerminalUI.ThreadRow(ThreadRow(summary)) else { return nil }
            let line =
                StyledText("#\(row.sequence)  ", .bold) + StyledText(row.title)
                + StyledText("  \(row.organisation)", .dim)
            return ListItem(.post(row.id), line)
        }
    }

    private func organisations(_ connection: RelayConnection) async throws -> [ListItem] {
        try await connection.organisations().map { organisation in
            var line = StyledText(organisation.slug, .bold) + StyledText("  \(organisation.name)")
            if !organisation.country.isEmpty { line += StyledText("  \(organisation.country)", .dim) }
            if organisation.suspended { line += StyledText("  suspended", .red) }
            return ListItem(
                .organisation(organisation.slug), line,
                detail: organisation.contact.isEmpty ? [] : [StyledText(organisation.contact).onOneLine])
        }
    }

    private func members(_ connection: RelayConnection) async throws -> [ListItem] {
        try await connection.members().prefix(Self.maxRows).compactMap { member in
            guard let id = MemberID(bytes: member.memberID) else { return nil }
            let roles = member.roles.compactMap { Role(rawValue: $0.rawValue)?.name }.joined(separator: ", ")
            var line = StyledText(member.name, .bold) + StyledText("  \(member.organisation)")
            if member.suspended { line += StyledText("  suspended", .red) }
            return ListItem(
                .member(id.description), line,
                detail: [StyledText("\(id)", .dim), StyledText(roles.isEmpty ? "" : "roles: \(roles)")])
        }
    }

    private func invitations(_ connection: RelayConnection) async throws -> [ListItem] {
        try await connection.invitations().prefix(Self.maxRows).map { entry in
            let state: StyledText =
                if entry.redeemedAtMs > 0 {
                    StyledText("used \(TimeText.local(entry.redeemedAtMs))", .dim)
                } else if entry.revokedAtMs > 0 {
                    StyledText("withdrawn", .dim)
                } else if entry.expiresAtMs <= context.now {
                    StyledText("expired", .dim)
                } else {
                    StyledText(Texts.Work.openUntil(TimeText.local(entry.expiresAtMs)), .green)
                }
            return ListItem(
                .invitation(Hex.text(of: entry.invitationID)),
                StyledText(entry.name, .bold) + StyledText("  \(entry.organisation)  ") + state)
        }
    }

    private func certificates(_ connection: RelayConnection) async throws -> [ListItem] {
        var items: [ListItem] = []
        try await connection.certificates(WireListCertificates(), limit: Self.maxRows) { page in
            for entry in page.certificates {
                guard let certificate = try? Certificate(der: Array(entry.certificate)) else { continue }
                let ends = certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue
                var line = StyledText(entry.memberName, .bold) + StyledText("  \(entry.organisation)")
                line += StyledText("  ends \(TimeText.local(ends))", ends < context.now ? .dim : .plain)
                if entry.revokedAtMs > 0 { line += StyledText("  revoked: \(entry.revocationReason)", .red) }
                items.append(
                    ListItem(
                        .certificate(Hex.text(of: entry.fingerprint)), line,
                        detail: [
                            StyledText("SHA-256 \(Hex.text(of: entry.fingerprint))", .dim),
                            StyledText("issued \(TimeText.local(entry.issuedAtMs))", .dim),
                        ]))
            }
        }
        return items
    }

    private func audit(_ connection: RelayConnection) async throws -> [ListItem] {
        var list = WireListAudit()
        list.limit = UInt32(Self.maxRows)
        return try await connection.audit(list).entries.map { entry in
            var line = StyledText(TimeText.local(entry.atMs) + "  ", .dim)
            line += StyledText(entry.actorName.nonEmpty ?? entry.actor) + StyledText("  ")
            line += StyledText(entry.action, entry.action == "request.refuse" ? .yellow : .bold)
            return ListItem(
                .none, line, detail: DisplayWidth.wrap(SafeText.line(entry.detail), to: 100).map { StyledText($0) })
        }
    }
}

/// Doing something to a row of a list.
struct ClientListActions {
    let context: CommandContext
    let link: ClientLink

    /// - Returns: what to tell, or what to show.
    func perform(_ action: ListAction, on target: ListItem.Target) async throws -> ClientEvent {
        switch (action, target) {
        case (.retry, .outbox(let id)):
            try context.profile.openOutbox().retry(id)
            link.restart()
            return .acted(Texts.Work.retried)
        case (.drop, .outbox(let id)):
            try context.profile.openOutbox().drop(id)
            return .acted(Texts.Work.dropped)
        case (.drop, .invitation(let id)):
            guard let bytes = Hex.bytes(of: id) else { return .failed(Texts.Work.noInvitation) }
            try await connection().revokeInvitation(bytes)
            return .acted(Texts.Work.withdrawn)
        case (.invite(let organisation, let name, let roles), _):
            return try await invite(organisation, name, roles)
        case (.approve, .held(let number)): return try await decide(number, .approved, "")
        case (.giveBack(let reason), .held(let number)): return try await decide(number, .returned, reason)
        case (.reject(let reason), .held(let number)): return try await decide(number, .rejected, reason)
        case (.revoke(let reason), .certificate(let fingerprint)):
            return try await revoke(.fingerprint(Data(Hex.bytes(of: fingerprint) ?? [])), reason)
        case (.revoke(let reason), .member(let id)):
            return try await revoke(.memberID(Data(MemberID(text: id)?.bytes ?? [])), reason)
        default: return .failed(Texts.Work.notHere)
        }
    }

    private func connection() throws -> RelayConnection {
        if let connection = link.connection { return connection }
        throw CommandFailure(.unreachable, "OFFLINE", Texts.Work.needsRelay)
    }

    private func decide(_ number: Int64, _ state: WireHeldState, _ reason: String) async throws -> ClientEvent {
        var decision = WireDecideHeld()
        decision.number = number
        decision.decision = state
        decision.reason = reason
        let place = try await connection().decide(decision)
        return .acted(place.map(Texts.Work.posted) ?? Texts.Work.authorIsTold)
    }

    private func revoke(
        _ target: WireRevokeCertificates.OneOf_Target, _ reason: String
    ) async throws -> ClientEvent {
        var request = WireRevokeCertificates()
        request.target = target
        request.reason = reason
        let revoked = try await connection().revokeCertificates(request)
        return .acted(
            Texts.Work.revoked(
                revoked.certificates.counted("certificate"), revoked.sessions.counted("session")))
    }

    private func invite(_ organisation: String, _ name: String, _ roles: [String]) async throws -> ClientEvent {
        var request = WireInvite()
        request.organisation = organisation
        request.name = name
        request.kind = .person
        for role in roles {
            guard let known = Role.allCases.first(where: { $0.name == role }),
                let wire = WireRole(rawValue: known.rawValue)
            else {
                return .failed(Texts.Work.noRole(role, Role.allCases.map(\.name).joined(separator: ", ")))
            }
            request.roles.append(wire)
        }
        let invited = try await connection().invite(request)
        var lines = [
            StyledText(
                Texts.Work.invited(name, organisation, TimeText.local(invited.expiresAtMs))),
            StyledText(Texts.Work.handOver), "",
        ]
        lines += stride(from: 0, to: invited.invitation.count, by: 70).map { start in
            StyledText(String(invited.invitation.dropFirst(start).prefix(70)), .bold)
        }
        if let code = QRCode(invited.invitation) {
            lines += [""] + QRText.lines(of: code, isUTF8: QRText.isUTF8(environment: context.environment))
        }
        return .page(title: "Invitation", lines: lines)
    }
}
