import COpenSSL

/// Runs an OpenSSL `i2d_` function twice: for the length, then for the bytes.
/// - Throws: `.openSSL` when the object cannot be encoded.
func encodeDER(
    _ operation: String, _ i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(PKIError) -> [UInt8] {
    ERR_clear_error()
    let count = i2d(nil)
    guard count > 0 else { throw .drained(operation) }
    var written: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initializedCount in
        var cursor = buffer.baseAddress
        written = unsafe i2d(&cursor)
        initializedCount = Int(max(0, min(written, count)))
    }
    guard written == count else { throw .drained(operation) }
    return bytes
}

/// Runs an OpenSSL `d2i_` function over all of `bytes`; octets after the object are refused.
/// - Returns: the object; the caller frees it.
/// - Throws: `.malformed`, in which case nothing is left to free.
func decodeDER(
    _ bytes: [UInt8], as what: String, free: (OpaquePointer?) -> Void,
    _ d2i: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
) throws(PKIError) -> OpaquePointer {
    ERR_clear_error()
    var consumed = 0
    let object = unsafe bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
        guard let start = buffer.baseAddress else { return nil }
        var cursor: UnsafePointer<UInt8>? = unsafe start
        let object = unsafe d2i(&cursor, buffer.count)
        if let end = unsafe cursor { consumed = unsafe end - start }
        return unsafe object
    }
    guard let object = unsafe object else {
        throw bytes.isEmpty ? .malformed(what: what, detail: "it is empty") : .malformedDraining(what)
    }
    guard consumed == bytes.count else {
        unsafe free(object)
        throw .malformed(what: what, detail: "\(bytes.count - consumed) octets follow after its end")
    }
    return unsafe object
}
