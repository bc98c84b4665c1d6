internal import COpenSSL

/// The name under which a client looks for a server: a DNS name or an IP address.
struct ServerName: Sendable {
    let text: String
    let isAddress: Bool

    /// - Throws: `.configuration` when `text` is empty, too long or not ASCII; an international name must be given in
    ///   its ASCII form (RFC 5890 §2.3.2.1).
    init(_ text: String) throws(TLSError) {
        // The brackets of an IPv6 address in an authority (RFC 3986 §3.2.2).
        var name = text[...]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name.hasSuffix(".") { name = name.dropLast() }
        guard (1...253).contains(name.utf8.count), name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .configuration("\"\(text)\" is not the name or the IP address of a server")
        }
        self.text = String(name)
        let octets = unsafe a2i_IPADDRESS(self.text)
        isAddress = unsafe octets != nil
        unsafe ASN1_OCTET_STRING_free(octets)
        OpenSSLErrorQueue.clear()
    }

    /// Makes `ssl` accept only a certificate with this subject alternative name; common names do not count, and
    /// neither do partial wildcards (RFC 9525 §6).
    func require(in ssl: OpaquePointer) throws(TLSError) {
        OpenSSLErrorQueue.clear()
        guard let parameters = unsafe SSL_get0_param(ssl) else {
            throw .configuration("OpenSSL has no verification parameters")
        }
        if isAddress {
            try check(unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, text), "the server address \(text)")
        } else {
            unsafe X509_VERIFY_PARAM_set_hostflags(
                parameters,
                UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS) | UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            try check(unsafe X509_VERIFY_PARAM_set1_host(parameters, text, 0), "the server name \(text)")
            try check(unsafe lessons_SSL_set_tlsext_host_name(ssl, text), "the server name \(text)")
        }
    }
}
