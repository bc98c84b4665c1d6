import PKI
import Synchronization

/// Notes which certificates a revocation check was asked about; none of them is revoked.
final class AskedCertificates: Sendable {
    private let asked = Mutex<[Certificate]>([])

    var all: [Certificate] { asked.withLock { $0 } }

    func append(_ certificate: Certificate) -> Bool {
        asked.withLock { $0.append(certificate) }
        return false
    }
}
