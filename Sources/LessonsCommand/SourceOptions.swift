import ArgumentParser
import RelayClient
import TerminalUI

/// Where a command reads from: the relay, or what this machine has of it.
struct SourceOptions: ParsableArguments {
    @Flag(help: "Read what this machine has received; do not connect.")
    var offline = false

    /// Runs `online`, or `local` where that is wanted or the relay cannot be reached, which is then said.
    /// - Parameter showsResult: what is read is what the person wants to see.
    func read<R>(
        _ context: CommandContext, showsResult: Bool = true,
        online: (RelayConnection, ClientIdentity) async throws -> R,
        local: (ClientIdentity) async throws -> R
    ) async throws -> R {
        guard !offline else { return try await local(try context.identity()) }
        do {
            return try await context.connected(online)
        } catch let error as ClientError {
            guard case .unreachable(let reason) = error else { throw error }
            context.output.message(StyledText("offline: \(reason)", .yellow))
            if showsResult { context.output.message(StyledText("this is what was received before:", .yellow)) }
            return try await local(try context.identity())
        }
    }

    /// As `read`, for what a reader of threads answers in both cases.
    func readThread<R>(
        _ context: CommandContext, showsResult: Bool = true, _ body: (ThreadReader) async throws -> R
    ) async throws -> R {
        try await read(context, showsResult: showsResult) { connection, identity in
            try await body(
                ThreadReader(mirror: try context.mirror(identity), identity: identity, connection: connection))
        } local: { identity in
            try await body(ThreadReader(mirror: try context.mirror(identity), identity: identity, connection: nil))
        }
    }
}
