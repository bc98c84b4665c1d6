import Synchronization

/// The certificates that are revoked now, in memory, for the look-up in every handshake.
///
/// Keyed on issuer key and serial number, never on a name, so that a renewed issuing certificate with the same key
/// keeps its revocations and two issuing certificates never share them.
package final class RevocationIndex: Sendable {
    /// What names a certificate in here.
    package struct Key: Sendable, Hashable {
        /// The issuer's subject key identifier, which its certificates carry as authority key identifier.
        package let issuerKeyID: [UInt8]
        /// Big-endian, without leading zeros.
        package let serialNumber: [UInt8]

        package init(issuerKeyID: [UInt8], serialNumber: [UInt8]) {
            self.issuerKeyID = issuerKeyID
            self.serialNumber = Array(serialNumber.drop { $0 == 0 })
        }

        /// Nil for a certificate that does not name its issuer's key: none of this authority's is like that.
        package init?(_ certificate: Certificate) {
            guard let issuerKeyID = certificate.authorityKeyID else { return nil }
            self.init(issuerKeyID: issuerKeyID, serialNumber: certificate.serialNumber)
        }
    }

    package struct Entry: Sendable, Hashable {
        package let reason: RevocationReason
        /// Seconds since 1970.
        package let time: Int64

        package init(reason: RevocationReason, time: Int64) {
            self.reason = reason
            self.time = time
        }
    }

    private let entries: Mutex<[Key: Entry]>
    private let changes = Atomic<Int>(0)

    package init(_ entries: [Key: Entry] = [:]) {
        self.entries = Mutex(entries)
    }

    /// Revokes `key`, effective for every look-up that starts after the return.
    ///
    /// The first reason and time stay (RFC 5280 §5.3.1: third parties saw them), but for a hold, which any reason replaces.
    /// - Returns: false when `key` was revoked before and nothing changed.
    @discardableResult
    package func insert(_ key: Key, reason: RevocationReason, time: Int64) -> Bool {
        entries.withLock { entries in
            if let earlier = entries[key], earlier.reason != .certificateHold || reason == .certificateHold {
                return false
            }
            entries[key] = Entry(reason: reason, time: time)
            noteChange()
            return true
        }
    }

    /// Takes back a `certificateHold`.
    /// - Returns: false, and nothing changed, when `key` is not on hold: every other reason is final.
    @discardableResult
    package func removeHold(_ key: Key) -> Bool {
        entries.withLock { entries in
            guard entries[key]?.reason == .certificateHold else { return false }
            entries[key] = nil
            noteChange()
            return true
        }
    }

    /// Forgets `key` whatever its reason; for certificates that have expired, and for reloading from storage.
    /// - Returns: what was known about it.
    @discardableResult
    package func remove(_ key: Key) -> Entry? {
        entries.withLock { entries in
            let known = entries.removeValue(forKey: key)
            if known != nil { noteChange() }
            return known
        }
    }

    /// Replaces everything at once: no look-up sees a state in between.
    package func replaceAll(with new: [Key: Entry]) {
        entries.withLock { entries in
            guard entries != new else { return }
            entries = new
            noteChange()
        }
    }

    /// Whether `certificate` is revoked. A certificate that does not name its issuer's key counts as revoked, since
    /// nothing can be looked up for it.
    package func contains(_ certificate: Certificate) -> Bool {
        guard let key = Key(certificate) else { return true }
        return contains(key)
    }

    package func contains(_ key: Key) -> Bool {
        entries.withLock { $0[key] != nil }
    }

    /// The reason and time; nil when it is not revoked.
    package func entry(_ key: Key) -> Entry? {
        entries.withLock { $0[key] }
    }

    /// Rises with every change, so that whoever publishes revocations sees that there is something to publish.
    package var generation: Int { changes.load(ordering: .acquiring) }

    private func noteChange() { changes.wrappingAdd(1, ordering: .releasing) }

    package var count: Int { entries.withLock { $0.count } }

    /// A copy of all entries, as a revocation list needs them.
    package var snapshot: [Key: Entry] { entries.withLock { $0 } }
}
