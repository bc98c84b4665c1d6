import COpenSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A certificate revocation list (RFC 5280 §5): complete, of one authority, with a number that rises.
package struct RevocationList: Sendable, Hashable {
    /// A certificate that is revoked or on hold.
    package struct Entry: Sendable, Hashable {
        /// Big-endian.
        package var serialNumber: [UInt8]
        package var reason: RevocationReason
        /// Seconds since 1970.
        package var time: Int64

        package init(serialNumber: [UInt8], reason: RevocationReason, time: Int64) {
            self.serialNumber = serialNumber
            self.reason = reason
            self.time = time
        }
    }

    package let der: [UInt8]
    /// RFC 5280 §5.2.3.
    package let number: Int64
    /// When it was made, seconds since 1970.
    package let thisUpdate: Int64
    /// When the next one is there at the latest, seconds since 1970.
    package let nextUpdate: Int64

    /// A list that was made earlier and kept.
    package init(der: [UInt8], number: Int64, thisUpdate: Int64, nextUpdate: Int64) {
        self.der = der
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
    }

    /// Reads a list; who signed it is not asked.
    /// - Throws: `.malformed`, also for a list without a number or without its next update.
    package init(der: [UInt8]) throws(PKIError) {
        let what = "revocation list"
        let list = unsafe try Self.decode(der)
        defer { unsafe X509_CRL_free(list) }
        guard let first = unsafe secondsSince1970(X509_CRL_get0_lastUpdate(list)),
            let last = unsafe secondsSince1970(X509_CRL_get0_nextUpdate(list)),
            let raw = unsafe X509_CRL_get_ext_d2i(list, NID_crl_number, nil, nil)
        else { throw .malformed(what: what, detail: "it has no number, or no next update") }
        let value = unsafe raw.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { unsafe ASN1_INTEGER_free(value) }
        var number: Int64 = 0
        guard unsafe ASN1_INTEGER_get_int64(&number, value) == 1, number >= 0 else {
            throw .malformed(what: what, detail: "its number is negative or too large")
        }
        self.init(der: der, number: number, thisUpdate: first, nextUpdate: last)
    }

    /// The first `X509 CRL` block of `pem`.
    /// - Throws: as `init(der:)`.
    package init(pem: String) throws(PKIError) {
        try self.init(der: try PEM.blocks(pem, labelled: "X509 CRL")[0].bytes)
    }

    /// Whether `issuer`'s key made the signature on this list.
    package func isSigned(by issuer: Certificate) -> Bool {
        guard let list = unsafe try? Self.decode(der) else { return false }
        defer { unsafe X509_CRL_free(list) }
        return unsafe issuer.publicKey.withEVP { key -> Bool in
            guard let key = unsafe key else { return false }
            ERR_clear_error()
            defer { ERR_clear_error() }
            return unsafe X509_CRL_verify(list, key) == 1
        }
    }

    /// What stands on the list, in its order.
    package var entries: [Entry] {
        guard let list = unsafe try? Self.decode(der) else { return [] }
        defer { unsafe X509_CRL_free(list) }
        let revoked = unsafe X509_CRL_get_REVOKED(list)
        var entries: [Entry] = []
        for index in 0..<max(0, unsafe lessons_sk_X509_REVOKED_num(revoked)) {
            guard let one = unsafe lessons_sk_X509_REVOKED_value(revoked, index),
                let time = unsafe secondsSince1970(X509_REVOKED_get0_revocationDate(one))
            else { continue }
            var reason = RevocationReason.unspecified
            if let raw = unsafe X509_REVOKED_get_ext_d2i(one, NID_crl_reason, nil, nil) {
                let value = unsafe raw.assumingMemoryBound(to: ASN1_ENUMERATED.self)
                defer { unsafe ASN1_ENUMERATED_free(value) }
                reason = RevocationReason(rawValue: unsafe ASN1_ENUMERATED_get(value)) ?? .unspecified
            }
            entries.append(
                Entry(
                    serialNumber: Array(unsafe octets(X509_REVOKED_get0_serialNumber(one)).drop { $0 == 0 }),
                    reason: reason, time: time))
        }
        return entries
    }

    /// - Returns: an X509_CRL that the caller frees.
    private static func decode(_ der: [UInt8]) throws(PKIError) -> OpaquePointer {
        unsafe try decodeDER(
            der, as: "revocation list", free: { unsafe X509_CRL_free($0) }, { unsafe d2i_X509_CRL(nil, $0, $1) })
    }

    package var pem: String { PEM.text(label: "X509 CRL", bytes: der) }

    /// Signs a list of `entries`, in the order of their serial numbers. The reason `unspecified` is left out of an entry
    /// (RFC 5280 §5.3.1).
    /// - Parameter number: at least 0, and above that of every list before.
    static func sign(
        _ entries: [Entry], issuer: Certificate, key: PrivateKey, number: Int64, thisUpdate: Int64, nextUpdate: Int64
    ) throws(PKIError) -> RevocationList {
        guard let keyID = issuer.subjectKeyID, issuer.isAuthority else {
            throw .issuerUnusable("\(issuer.subject) is not an authority's certificate")
        }
        precondition(number >= 0, "a list's number is not negative")
        ERR_clear_error()
        guard let list = unsafe X509_CRL_new() else { throw .drained("make a revocation list") }
        defer { unsafe X509_CRL_free(list) }
        // Versions count from zero: this is v2.
        let isFilled = unsafe issuer.withX509 {
            unsafe X509_CRL_set_version(list, 1) == 1
                && X509_CRL_set_issuer_name(list, X509_get_subject_name($0)) == 1
        }
        guard isFilled, unsafe setTimes(list, thisUpdate, nextUpdate) else { throw .drained("make a revocation list") }
        for entry in entries { unsafe try add(entry, to: list) }
        guard unsafe X509_CRL_sort(list) == 1 else { throw .drained("sort a revocation list") }
        let number_ = CertificateExtension(
            identifier: ObjectIdentifiers.revocationListNumber, isCritical: false,
            value: DERWriter.integer(UInt64(number)))
        for item in [CertificateExtension.authorityKeyIdentifier(keyID), number_] {
            unsafe try item.withX509Extension { extension_ throws(PKIError) in
                guard unsafe X509_CRL_add_ext(list, extension_, -1) == 1 else { throw .drained("add an extension") }
            }
        }
        ERR_clear_error()
        guard unsafe key.withEVP({ unsafe X509_CRL_sign(list, $0, key.kind.digest?.md) }) > 0 else {
            throw .drained("sign a revocation list")
        }
        return RevocationList(
            der: unsafe try encodeDER("encode a revocation list") { unsafe i2d_X509_CRL(list, $0) },
            number: number, thisUpdate: thisUpdate, nextUpdate: nextUpdate)
    }

    private static func setTimes(_ list: OpaquePointer, _ thisUpdate: Int64, _ nextUpdate: Int64) -> Bool {
        guard let first = unsafe ASN1_TIME_set(nil, time_t(thisUpdate)),
            let last = unsafe ASN1_TIME_set(nil, time_t(nextUpdate))
        else { return false }
        defer {
            unsafe ASN1_TIME_free(first)
            unsafe ASN1_TIME_free(last)
        }
        return unsafe X509_CRL_set1_lastUpdate(list, first) == 1 && X509_CRL_set1_nextUpdate(list, last) == 1
    }

    private static func add(_ entry: Entry, to list: OpaquePointer) throws(PKIError) {
        guard let revoked = unsafe X509_REVOKED_new() else { throw .drained("make a revocation") }
        guard unsafe fill(revoked, entry), unsafe X509_CRL_add0_revoked(list, revoked) == 1 else {
            unsafe X509_REVOKED_free(revoked)
            throw .drained("make a revocation")
        }
    }

    private static func fill(_ revoked: OpaquePointer, _ entry: Entry) -> Bool {
        guard let number = unsafe BN_bin2bn(entry.serialNumber, Int32(entry.serialNumber.count), nil) else {
            return false
        }
        defer { unsafe BN_free(number) }
        guard let serial = unsafe BN_to_ASN1_INTEGER(number, nil) else { return false }
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard let time = unsafe ASN1_TIME_set(nil, time_t(entry.time)) else { return false }
        defer { unsafe ASN1_TIME_free(time) }
        guard unsafe X509_REVOKED_set_serialNumber(revoked, serial) == 1,
            unsafe X509_REVOKED_set_revocationDate(revoked, time) == 1
        else { return false }
        guard entry.reason != .unspecified else { return true }
        guard let reason = unsafe ASN1_ENUMERATED_new() else { return false }
        defer { unsafe ASN1_ENUMERATED_free(reason) }
        return unsafe ASN1_ENUMERATED_set(reason, entry.reason.rawValue) == 1
            && X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, UnsafeMutableRawPointer(reason), 0, 0) == 1
    }
}

extension CertificateAuthority.Issuer {
    /// The list of what this issuer's certificates have become.
    /// - Parameters:
    ///   - number: at least 0, and above that of every list before.
    ///   - thisUpdate: now, seconds since 1970.
    package func revocationList(
        _ entries: [RevocationList.Entry], number: Int64, thisUpdate: Int64, nextUpdate: Int64
    ) throws(PKIError) -> RevocationList {
        try RevocationList.sign(
            entries, issuer: certificate, key: key, number: number, thisUpdate: thisUpdate, nextUpdate: nextUpdate)
    }
}

extension RootAuthority {
    /// How long the root's list is good: it is made where the root's key is, which is seldom at hand.
    package static let revocationListSeconds: Int64 = 365 * 86_400

    /// The list of issuing certificates that are revoked; as a rule nothing is on it.
    /// - Parameter number: at least 0, and above that of every list before.
    package func revocationList(
        _ entries: [RevocationList.Entry], number: Int64, now: Int64
    ) throws(PKIError) -> RevocationList {
        try RevocationList.sign(
            entries, issuer: certificate, key: key, number: number, thisUpdate: now,
            nextUpdate: min(now + Self.revocationListSeconds, certificate.notAfter))
    }
}
