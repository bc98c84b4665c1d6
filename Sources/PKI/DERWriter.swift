import COpenSSL

/// Writes the few ASN.1 types (X.690, DER) that the extensions of our certificates are made of.
enum DERWriter {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { tagged(0x30, Array(parts.joined())) }
    static func sequence(of parts: [[UInt8]]) -> [UInt8] { tagged(0x30, Array(parts.joined())) }
    static func set(_ parts: [[UInt8]]) -> [UInt8] { tagged(0x31, Array(parts.joined())) }
    static func octetString(_ bytes: [UInt8]) -> [UInt8] { tagged(0x04, bytes) }
    static let null: [UInt8] = [0x05, 0x00]
    static let true_: [UInt8] = [0x01, 0x01, 0xFF]

    /// A non-negative number below 128.
    static func small(_ number: UInt8) -> [UInt8] {
        precondition(number < 0x80, "only one octet is written")
        return tagged(0x02, [number])
    }

    /// A non-negative number.
    static func integer(_ number: UInt64) -> [UInt8] {
        var octets = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }.drop { $0 == 0 }
        // The first bit tells the sign (X.690 §8.3).
        if octets.first.map({ $0 >= 0x80 }) ?? true { octets.insert(0, at: octets.startIndex) }
        return tagged(0x02, Array(octets))
    }

    /// A BIT STRING of named bits without trailing zeros (X.690 §11.2.2); bit 0 is the first one. At most eight bits.
    static func namedBits(_ bits: [Int]) -> [UInt8] {
        precondition(bits.allSatisfy { (0..<8).contains($0) }, "only one octet of named bits is written")
        guard let last = bits.max() else { return tagged(0x03, [0]) }
        let octet = bits.reduce(UInt8(0)) { $0 | 0x80 >> UInt8($1) }
        return tagged(0x03, [UInt8(7 - last), octet])
    }

    /// A context-specific tag around constructed content.
    static func context(_ number: UInt8, constructed content: [UInt8]) -> [UInt8] { tagged(0xA0 | number, content) }

    /// A context-specific tag on primitive content.
    static func context(_ number: UInt8, primitive content: [UInt8]) -> [UInt8] { tagged(0x80 | number, content) }

    static func uri(_ text: String) -> [UInt8] { context(6, primitive: Array(text.utf8)) }

    /// An OBJECT IDENTIFIER from dotted text.
    static func objectIdentifier(_ dotted: String) throws(PKIError) -> [UInt8] {
        ERR_clear_error()
        guard let object = unsafe OBJ_txt2obj(dotted, 1) else { throw .drained("read the identifier \(dotted)") }
        defer { unsafe ASN1_OBJECT_free(object) }
        return unsafe try encodeDER("encode the identifier \(dotted)") { unsafe i2d_ASN1_OBJECT(object, $0) }
    }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var header = [tag]
        if content.count < 0x80 {
            header.append(UInt8(content.count))
        } else {
            var octets: [UInt8] = []
            var rest = content.count
            while rest > 0 {
                octets.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            header.append(0x80 | UInt8(octets.count))
            header += octets
        }
        return header + content
    }
}
