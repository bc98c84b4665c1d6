import Foundation
import LessonModel
import NIOPosix
import RelayClient
import Storage
import Synchronization
import TerminalUI
import Wire

/// The full-screen client: one thread holds terminal and state; work and the line to the relay run beside it.
struct FullScreenClient {
    let context: CommandContext
    let settings: ClientSettings

    /// Runs until the person quits, or a signal ends it.
    func run() async throws {
        if let ended = try await session() {
            throw ExitCodeRequest(ended)
        }
    }

    private func session() async throws -> Sysexit? {
        var identity: ClientIdentity? = context.profile.hasIdentity ? try context.identity() : nil
        var isFirst = false
        while true {
            let screen = Screen(context: context, settings: settings, identity: identity, isFirst: isFirst)
            switch try await screen.run() {
            case .ended(let status): return status
            case .joined(let joined):
                identity = joined
                isFirst = true
            }
        }
    }
}

/// One life of the screen: before a relay was joined, or with its identity.
private struct Screen {
    enum Ending: Sendable {
        case ended(Sysexit?)
        case joined(ClientIdentity)
    }

    let context: CommandContext
    let settings: ClientSettings
    let identity: ClientIdentity?
    let isFirst: Bool

    func run() async throws -> Ending {
        let mailbox = ClientMailbox()
        guard let identity else { return try await firstRun(mailbox) }
        let mirror = try context.mirror(identity)
        let link = ClientLink(context, mirror: mirror, mailbox: mailbox, isOffline: settings.startsOffline)
        let work = ClientWork(context, mirror: mirror, link: link, mailbox: mailbox)
        mailbox.post(.outboxCount(try context.profile.openOutbox().pendingCount()))
        let run = face(
            ClientIdentityFacts(identity, context), mailbox, perform: { effect in work.perform(effect) },
            answer: { effect in work.answer(effect) })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await work.run() }
            group.addTask { await link.run() }
            defer { group.cancelAll() }
            return .ended(try await run())
        }
    }

    /// The face that was asked for, ready to run.
    private func face(
        _ me: ClientIdentityFacts?, _ mailbox: ClientMailbox, perform: @escaping @Sendable (ClientEffect) -> Void,
        answer: @escaping @Sendable (ClientEffect) -> Void, hasEnded: (@Sendable () -> Bool)? = nil
    ) -> () async throws -> Sysexit? {
        guard settings.isLinear else {
            let loop = ScreenLoop(
                context: context, settings: settings, me: me, isFirst: isFirst, mailbox: mailbox, perform: perform,
                answer: answer, hasEnded: hasEnded)
            return { try await loop.run() }
        }
        let loop = LinearLoop(
            context: context, settings: settings, me: me, mailbox: mailbox, perform: perform, answer: answer,
            hasEnded: hasEnded)
        return {
            try await loop.run()
            return nil
        }
    }

    /// The wizard: an invitation becomes an identity.
    private func firstRun(_ mailbox: ClientMailbox) async throws -> Ending {
        let joined = JoinedIdentity()
        let context = context
        let (invitations, queue) = AsyncStream<String>.makeStream()
        let run = face(
            nil, mailbox, perform: { effect in if case .join(let text) = effect { queue.yield(text) } },
            answer: { _ in },
            hasEnded: { joined.value != nil })
        let status = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await text in invitations {
                    do {
                        joined.value = try await Self.join(text, context)
                        mailbox.post(.acted("joined"))
                    } catch {
                        mailbox.post(.failed(CommandFailure(any: error).message))
                    }
                }
            }
            defer { group.cancelAll() }
            return try await run()
        }
        if let identity = joined.value { return .joined(identity) }
        return .ended(status)
    }

    private static func join(_ text: String, _ context: CommandContext) async throws -> ClientIdentity {
        let invitation: Wire.Invitation
        do throws(InvitationError) { invitation = try Wire.Invitation(text: text) } catch {
            throw CommandFailure(.usage, "BAD_INVITATION", error.description)
        }
        try context.profile.checkReadyToJoin(isAgain: false)
        let identity = try await Enrolment.join(
            invitation, device: nil, agent: Version.agent, group: .singletonMultiThreadedEventLoopGroup,
            now: context.now / 1_000, logger: CommandContext.logger)
        try context.profile.save(identity)
        return identity
    }
}

extension ClientIdentityFacts {
    init(_ identity: ClientIdentity, _ context: CommandContext) {
        let roles = identity.member.roles
        self.init(
            name: identity.member.name, organisation: identity.member.organisation, member: identity.member.id,
            relay: identity.address.description,
            isAdministrator: roles.contains(.organisationAdministrator) || roles.contains(.relayAdministrator),
            isCurator: roles.contains(.curator) || roles.contains(.relayAdministrator),
            language: PostCommand.language(context.environment))
    }
}

/// What the wizard has come to.
private final class JoinedIdentity: Sendable {
    private let identity = Mutex<ClientIdentity?>(nil)

    var value: ClientIdentity? {
        get { identity.withLock { $0 } }
        set { identity.withLock { $0 = newValue } }
    }
}
