import Foundation
import Relay
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// Tells systemd how the relay is, as sd_notify(3) and sd_watchdog_enabled(3) say: readiness, a reload, the end, and that it
/// is alive. Does nothing where no service manager asks for it.
struct SystemdNotifier: Sendable {
    private let socketPath: String?
    /// Between two signs of life; nil where none are asked for.
    let watchdogInterval: Duration?

    init(environment: [String: String]) {
        socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
            .flatMap { isForUs && $0 > 0 ? .microseconds($0 / 2) : nil }
    }

    func ready() { send("READY=1\nSTATUS=Serving members.") }
    func stopping() { send("STOPPING=1\nSTATUS=Storing and answering what was accepted.") }
    func isAlive() { send("WATCHDOG=1") }

    private func send(_ message: String) {
        guard let socketPath else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketPath.utf8)
        // An abstract name begins with a zero byte.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count
        let bytes = Array(message.utf8)
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
    }
}

/// Shows the service manager that the relay is alive: its event loops turn and its database answers. When one of them does
/// not, the sign of life is left out, and the service manager starts the relay again.
struct WatchdogService: Service {
    let server: RelayServer
    let notifier: SystemdNotifier

    func run() async throws {
        guard let interval = notifier.watchdogInterval else {
            try? await gracefulShutdown()
            return notifier.stopping()
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await server.isResponsive() { notifier.isAlive() }
                try? await Task.sleep(for: interval)
            }
        }
        notifier.stopping()
    }
}
