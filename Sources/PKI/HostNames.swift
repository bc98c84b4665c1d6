import COpenSSL

enum DNSName {
    /// `name` in lower case.
    /// - Throws: `.invalidName` for anything but labels of letters, digits and inner hyphens (RFC 1034 §3.5), at most
    ///   253 octets in all. Names in other scripts are given in their ASCII form (`xn--...`).
    static func checked(_ name: String) throws(PKIError) -> String {
        let lowered = name.lowercased()
        let labels = lowered.split(separator: ".", omittingEmptySubsequences: false)
        let fits = (1...253).contains(lowered.utf8.count)
        guard fits, labels.allSatisfy(isLabel), labels.last?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) == false
        else {
            throw .invalidName("\"\(printable(name))\" is not a DNS name (letters, digits, hyphens and dots)")
        }
        return lowered
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

enum IPAddress {
    /// The 4 or 16 octets of an address literal.
    /// - Throws: `.invalidName`.
    static func octets(_ text: String) throws(PKIError) -> [UInt8] {
        ERR_clear_error()
        guard !text.utf8.contains(0), let address = unsafe a2i_IPADDRESS(text) else {
            ERR_clear_error()
            throw .invalidName("\"\(printable(text))\" is not an IP address")
        }
        defer { unsafe ASN1_OCTET_STRING_free(address) }
        return unsafe PKI.octets(address)
    }
}

/// At most 80 characters of outside text, safe to print in an error.
func printable(_ text: String) -> String {
    String(text.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
}
