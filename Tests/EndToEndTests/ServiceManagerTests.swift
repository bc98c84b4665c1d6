import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension EndToEnd {
    /// The relay as systemd meets it.
    @Suite(.timeLimit(.minutes(1)))
    struct ServiceManagerTests {
        /// The socket that a service manager listens on, and what came there.
        private final class Manager: Sendable {
            let messages = Observed<[String]>([])
            let path: String

            init(in directory: String) throws {
                path = directory + "/notify"
                let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
                let bound = withUnsafePointer(to: address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
                guard bound == 0 else { throw EndToEndFailure("cannot listen at \(path)") }
                Thread.detachNewThread { [messages] in
                    var buffer = [UInt8](repeating: 0, count: 4_096)
                    while true {
                        let count = recv(listener, &buffer, buffer.count, 0)
                        guard count > 0 else { break }
                        let message = String(decoding: buffer.prefix(count), as: UTF8.self)
                        messages.update { $0.append(message) }
                        if message.hasPrefix("STOPPING=1") { break }
                    }
                    close(listener)
                }
            }
        }

        @Test func `it says when it is ready, that it is alive, and that it stops`() async throws {
            try await World.with { world in
                #expect(try await world.relay.stop().exit == .code(0))
                let manager = try Manager(in: world.directory)
                var environment = ProcessInfo.processInfo.environment
                environment["NOTIFY_SOCKET"] = manager.path
                environment["WATCHDOG_USEC"] = "100000"
                environment["WATCHDOG_PID"] = nil
                let relay = try world.children.start(
                    try BuiltProgram.relay.path, ["serve", "--data", world.relay.data], environment: environment)
                func hears(_ start: String, times: Int = 1) async -> Bool {
                    await manager.messages.wait(within: .seconds(20)) { messages in
                        messages.count { $0.hasPrefix(start) } >= times
                    }
                }
                #expect(await hears("READY=1"))
                #expect(await hears("WATCHDOG=1", times: 3))
                relay.terminate()
                #expect(await hears("STOPPING=1"))
                #expect(try await relay.finish().exit == .code(0))
            }
        }
    }
}
