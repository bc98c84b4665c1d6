#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Ports of 127.0.0.1 that nobody listens on. They lie below those that the system gives to outgoing connections, so that
/// a relay that is down for a moment finds its own free again.
enum FreePorts {
    private static let range: ClosedRange<UInt16> = 20_000...31_999

    static func two() throws -> (UInt16, UInt16) {
        var found: [UInt16] = []
        for _ in 0..<200 where found.count < 2 {
            let port = UInt16.random(in: range)
            if !found.contains(port), isFree(port) { found.append(port) }
        }
        guard found.count == 2 else { throw EndToEndFailure("no two ports of \(range) are free on 127.0.0.1") }
        return (found[0], found[1])
    }

    private static func isFree(_ port: UInt16) -> Bool {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
