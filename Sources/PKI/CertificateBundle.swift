/// Certificates in one piece, as EST hands them out.
package enum CertificateBundle {
    /// A CMS SignedData without signers and content, certificates only (RFC 5652 §5, RFC 7030 §4.1.3), in DER.
    package static func certificatesOnly(_ certificates: [Certificate]) throws(PKIError) -> [UInt8] {
        let signedData = DERWriter.sequence(
            DERWriter.small(1), DERWriter.set([]),
            DERWriter.sequence(try DERWriter.objectIdentifier(ObjectIdentifiers.cmsData)),
            DERWriter.context(0, constructed: certificates.flatMap(\.der)), DERWriter.set([]))
        return DERWriter.sequence(
            try DERWriter.objectIdentifier(ObjectIdentifiers.cmsSignedData),
            DERWriter.context(0, constructed: signedData))
    }

    /// What a request for a certificate should be like (RFC 7030 §4.5.2): an elliptic curve key on P-256, signed with
    /// SHA-256.
    package static func requestAttributes() throws(PKIError) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(
                try DERWriter.objectIdentifier(ObjectIdentifiers.ellipticCurveKey),
                DERWriter.set([try DERWriter.objectIdentifier(ObjectIdentifiers.p256)])),
            try DERWriter.objectIdentifier(ObjectIdentifiers.ecdsaWithSHA256))
    }
}
