/// The object identifiers that are this project's own, and the standard ones a profile names.
package enum ObjectIdentifiers {
    /// Our arc, made from the UUID 11527d7a-84f8-40c5-9543-2110fbaa2ee2 by Microsoft's rule for
    /// identifiers without registration. The shorter form for the same purpose, 2.25 and the UUID as one number (ITU-T
    /// X.667 §7), has a number above 2^28, which RFC 5280 does not ask readers to take and several refuse.
    package static let arc = "1.2.840.113556.1.8000.2554.4434.32122.34040.16581.38211.2167035.11153122"
    package static let personPolicy = arc + ".1.1"
    package static let servicePolicy = arc + ".1.2"
    package static let administratorPolicy = arc + ".1.3"

    static let authorityInformationAccess = "1.3.6.1.5.5.7.1.1"
    static let basicConstraints = "2.5.29.19"
    static let certificatePolicies = "2.5.29.32"
    static let revocationListPoints = "2.5.29.31"
    static let cmsData = "1.2.840.113549.1.7.1"
    static let cmsSignedData = "1.2.840.113549.1.7.2"
    static let ecdsaWithSHA256 = "1.2.840.10045.4.3.2"
    static let ellipticCurveKey = "1.2.840.10045.2.1"
    static let p256 = "1.2.840.10045.3.1.7"
    static let extendedKeyUsage = "2.5.29.37"
    static let keyUsage = "2.5.29.15"
    static let subjectAlternativeName = "2.5.29.17"
    static let subjectKeyIdentifier = "2.5.29.14"
    static let authorityKeyIdentifier = "2.5.29.35"
    static let revocationListNumber = "2.5.29.20"
    static let revocationUnchecked = "1.3.6.1.5.5.7.48.1.5"
    static let statusService = "1.3.6.1.5.5.7.48.1"
    static let issuerCertificates = "1.3.6.1.5.5.7.48.2"
}
