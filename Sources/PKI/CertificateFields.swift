import COpenSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The subject alternative names of a certificate that this relay reads (RFC 5280 §4.2.1.6).
struct SubjectAlternativeNames: Sendable {
    private(set) var uris: [String] = []
    private(set) var dnsNames: [String] = []
    private(set) var ipAddresses: [String] = []

    /// Names with octets outside printable ASCII are left out: no comparison with them can be meant, and a zero
    /// octet inside has fooled programs that read C strings.
    init(of x509: OpaquePointer) {
        guard let raw = unsafe X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return }
        let names = OpaquePointer(raw)
        defer { unsafe GENERAL_NAMES_free(names) }
        for index in 0..<max(0, unsafe lessons_sk_GENERAL_NAME_num(names)) {
            guard let name = unsafe lessons_sk_GENERAL_NAME_value(names, index),
                let value = unsafe lessons_GENERAL_NAME_string(name)
            else { continue }
            let bytes = unsafe octets(value)
            switch unsafe name.pointee.type {
            case GEN_IPADD:
                if let text = addressText(bytes) { ipAddresses.append(text) }
            case GEN_DNS:
                if let text = printableASCII(bytes) { dnsNames.append(text) }
            default:
                if let text = printableASCII(bytes) { uris.append(text) }
            }
        }
    }
}

/// The octets an ASN.1 string or integer holds.
func octets(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
    guard let string = unsafe string, let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
    return unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(string)))))
}

/// An ASN.1 character string of any kind as text; nil when its octets are not of that kind.
func utf8(_ string: UnsafePointer<ASN1_STRING>) -> String? {
    var out: UnsafeMutablePointer<UInt8>?
    let count = unsafe ASN1_STRING_to_UTF8(&out, string)
    defer { unsafe lessons_OPENSSL_free(out) }
    guard count >= 0, let start = unsafe out else { return nil }
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
}

/// Seconds since 1970 of a UTCTime or GeneralizedTime; nil when it is malformed.
func secondsSince1970(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
    defer { unsafe ASN1_TIME_free(epoch) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
    return Int64(days) * 86_400 + Int64(seconds)
}

/// An X509_NAME as RFC 4514 text in UTF-8; empty for an empty name.
func distinguishedNameText(_ name: OpaquePointer?) -> String {
    guard let name = unsafe name, let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free(bio) }
    guard unsafe X509_NAME_print_ex(bio, name, 0, lessons_XN_FLAG_RFC4514()) >= 0 else { return "" }
    var start: UnsafeMutablePointer<CChar>?
    let count = unsafe lessons_BIO_get_mem_data(bio, &start)
    guard let start = unsafe start, count > 0 else { return "" }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 0x0F)])
    }
    return String(decoding: text, as: UTF8.self)
}

private func printableASCII(_ bytes: [UInt8]) -> String? {
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
}

private func addressText(_ bytes: [UInt8]) -> String? {
    let family: Int32
    switch bytes.count {
    case 4: family = AF_INET
    case 16: family = AF_INET6
    default: return nil
    }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
