import COpenSSL

/// The name in a certificate, for people to read: who somebody is stands in the alternative names.
///
/// Written in the order C, O, OU, CN; the country as PrintableString, the rest as UTF8String (RFC 5280 §4.1.2.4, §A.1).
package struct DistinguishedName: Sendable, Hashable {
    /// ISO 3166-1 alpha-2; nil for an international institution.
    package var country: String?
    package var organisation: String?
    package var unit: String?
    package var commonName: String

    /// The longest part in characters, which X.520 sets for O, OU and CN alike.
    package static let maxPartCharacters = 64

    /// Nothing is checked until a certificate is made with the name.
    package init(country: String? = nil, organisation: String? = nil, unit: String? = nil, commonName: String) {
        self.country = country
        self.organisation = organisation
        self.unit = unit
        self.commonName = commonName
    }

    /// The name with each part cut to what a certificate can hold and control characters made spaces, so that a long
    /// name of an organisation hinders nobody from joining.
    package var fitting: DistinguishedName {
        func fit(_ text: String) -> String {
            let cleaned = text.unicodeScalars.map { Self.isControl($0) ? " " : Character($0) }
            let cut = String(cleaned.prefix(Self.maxPartCharacters))
            return cut.allSatisfy { $0 == " " } ? "-" : cut
        }
        return DistinguishedName(
            country: country, organisation: organisation.map(fit), unit: unit.map(fit), commonName: fit(commonName))
    }

    /// - Returns: an X509_NAME that the caller frees.
    /// - Throws: `.invalidName`.
    func makeX509Name() throws(PKIError) -> OpaquePointer {
        try check()
        ERR_clear_error()
        guard let name = unsafe X509_NAME_new() else { throw .drained("make a name") }
        let parts: [(Int32, Int32, String?)] = [
            (NID_countryName, V_ASN1_PRINTABLESTRING, country),
            (NID_organizationName, V_ASN1_UTF8STRING, organisation),
            (NID_organizationalUnitName, V_ASN1_UTF8STRING, unit),
            (NID_commonName, V_ASN1_UTF8STRING, commonName),
        ]
        for case (let field, let type, let text?) in parts {
            let value = Array(text.utf8)
            guard unsafe X509_NAME_add_entry_by_NID(name, field, type, value, Int32(value.count), -1, 0) == 1 else {
                unsafe X509_NAME_free(name)
                throw .drained("make a name")
            }
        }
        return unsafe name
    }

    private func check() throws(PKIError) {
        if let country, country.utf8.count != 2 || !country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
            throw .invalidName("the country is not two capital letters (ISO 3166-1 alpha-2)")
        }
        for (label, text) in [("organisation", organisation), ("unit", unit), ("common name", commonName)] {
            guard let text else { continue }
            guard !text.isEmpty, text.unicodeScalars.count <= Self.maxPartCharacters else {
                throw .invalidName("the \(label) must have 1 to \(Self.maxPartCharacters) characters")
            }
            guard !text.unicodeScalars.contains(where: Self.isControl) else {
                throw .invalidName("the \(label) has a control character in it")
            }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
