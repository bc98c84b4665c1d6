/// A 128-bit UUID (RFC 9562) held as two words, so that it compares and hashes without touching memory.
package struct UUIDValue: Hashable, Comparable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A UUID of version 7 (RFC 9562 §5.7): sorts by `milliseconds` since 1970, the rest is random.
    package init(version7At milliseconds: Int64, using random: inout some RandomNumberGenerator) {
        let time = UInt64(bitPattern: milliseconds) & 0xFFFF_FFFF_FFFF
        high = time << 16 | 0x7000 | random.next() & 0x0FFF
        low = 0x8000_0000_0000_0000 | random.next() & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// A UUID of version 8 (RFC 9562 §5.8) made of the first 16 bytes of `digest`: the same input gives the same UUID.
    ///
    /// Returns nil when `digest` holds fewer than 16 bytes.
    package init?(version8From digest: some Collection<UInt8>) {
        guard digest.count >= 16, let plain = UUIDValue(bytes: digest.prefix(16)) else { return nil }
        high = plain.high & ~0xF000 | 0x8000
        low = plain.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// Sixteen bytes in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        let contiguous = bytes.withContiguousStorageIfAvailable { storage in
            let raw = UnsafeRawBufferPointer(storage)
            return (
                UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        if let contiguous {
            (high, low) = contiguous
            return
        }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        (high, low) = words
    }

    /// The usual text of 36 characters, in either case; nil for anything else.
    package init?(text: some StringProtocol) {
        var digits: [UInt8] = []
        for (index, unit) in text.utf8.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard unit == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard index < 36, let digit = Hex.value(of: unit) else { return nil }
            digits.append(digit)
        }
        guard digits.count == 32 else { return nil }
        self.init(bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// Sixteen bytes in network order.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(16)
        for word in [high, low] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return result
    }

    package static func < (left: UUIDValue, right: UUIDValue) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension UUIDValue: CustomStringConvertible {
    package var description: String {
        let hex = Array(Hex.text(of: bytes).utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, unit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(unit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
