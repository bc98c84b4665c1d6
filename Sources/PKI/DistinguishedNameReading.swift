import COpenSSL

/// Reading names back, where one certificate takes over what another one says.
extension DistinguishedName {
    /// The subject of `certificate`: the last of each part, an empty common name where there is none.
    package init(subjectOf certificate: Certificate) {
        self = unsafe certificate.withX509 { unsafe Self.read(X509_get_subject_name($0)) }
    }

    fileprivate static func read(_ name: OpaquePointer?) -> DistinguishedName {
        unsafe DistinguishedName(
            country: part(NID_countryName, name), organisation: part(NID_organizationName, name),
            unit: part(NID_organizationalUnitName, name), commonName: part(NID_commonName, name) ?? "")
    }

    private static func part(_ field: Int32, _ name: OpaquePointer?) -> String? {
        var index: Int32 = -1
        while true {
            let next = unsafe X509_NAME_get_index_by_NID(name, field, index)
            if next < 0 { break }
            index = next
        }
        guard index >= 0, let entry = unsafe X509_NAME_get_entry(name, index),
            let value = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        return unsafe utf8(value)
    }
}

extension CertificateSigningRequest {
    /// The last common name that the sender would like; nil when there is none. Only the root's keeper looks at it, in
    /// the request for an issuing certificate; a member's is never read.
    package var commonName: String? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard
            let request = unsafe try? decodeDER(
                der, as: "certificate request", free: { unsafe X509_REQ_free($0) },
                { unsafe d2i_X509_REQ(nil, $0, $1) })
        else { return nil }
        defer { unsafe X509_REQ_free(request) }
        let name = unsafe DistinguishedName.read(X509_REQ_get_subject_name(request)).commonName
        return name.isEmpty ? nil : name
    }
}
