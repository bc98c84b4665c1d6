import Relay
import ServiceLifecycle
import UnixSignals

/// Has the relay read its certificates again on SIGHUP, which by itself would end the process.
struct ReloadOnHangup: Service {
    let server: RelayServer

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            // What was wrong stands in the log and in the status, and the old certificates stay in use.
            try? await server.reload()
        }
    }
}
