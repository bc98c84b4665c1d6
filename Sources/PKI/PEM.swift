import COpenSSL

/// One `-----BEGIN LABEL-----` block of a PEM text (RFC 7468).
struct PEMBlock: Equatable {
    let label: String
    /// True when the block carries RFC 1421 headers, as the old encrypted key files do.
    let hasHeaders: Bool
    let bytes: [UInt8]
}

enum PEM {
    /// The longest text that is looked at, in octets: a chain of several hundred certificates.
    static let maxTextBytes = 1 << 20

    /// Every block of `text`, in order; text between blocks is skipped.
    /// - Throws: `.malformed` when a block is damaged or the text is longer than `maxTextBytes`.
    static func blocks(_ text: String) throws(PKIError) -> [PEMBlock] {
        let octets = Array(text.utf8)
        guard octets.count <= maxTextBytes else {
            throw .malformed(what: "PEM text", detail: "it is longer than \(maxTextBytes) octets")
        }
        guard !octets.isEmpty else { return [] }
        ERR_clear_error()
        // BIO_new_mem_buf borrows the octets, so everything happens while they are pinned.
        let result = unsafe octets.withUnsafeBytes { buffer -> Result<[PEMBlock], PKIError> in
            guard let bio = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else {
                return .failure(.drained("read PEM text"))
            }
            defer { unsafe BIO_free(bio) }
            var blocks: [PEMBlock] = []
            while let block = unsafe nextBlock(bio) { blocks.append(block) }
            let code = ERR_peek_last_error()
            // "No start line" is how the end of the text reads.
            if code != 0,
                lessons_ERR_GET_LIB(code) != ERR_LIB_PEM || lessons_ERR_GET_REASON(code) != PEM_R_NO_START_LINE
            {
                return .failure(.malformedDraining("PEM text"))
            }
            ERR_clear_error()
            return .success(blocks)
        }
        return try result.get()
    }

    /// The blocks of `text` that carry `label`, at least one.
    static func blocks(_ text: String, labelled label: String) throws(PKIError) -> [PEMBlock] {
        let found = try blocks(text).filter { $0.label == label }
        guard !found.isEmpty else {
            throw .malformed(what: "PEM text", detail: "it has no block \"\(label)\"")
        }
        return found
    }

    /// `bytes` as one block with lines of 64 characters and a newline at the end.
    static func text(label: String, bytes: [UInt8]) -> String {
        var text = "-----BEGIN \(label)-----\n"
        let encoded = Base64.encode(bytes)
        var start = encoded.startIndex
        while start < encoded.endIndex {
            let end = encoded.index(start, offsetBy: 64, limitedBy: encoded.endIndex) ?? encoded.endIndex
            text += encoded[start..<end]
            text += "\n"
            start = end
        }
        return text + "-----END \(label)-----\n"
    }

    private static func nextBlock(_ bio: OpaquePointer) -> PEMBlock? {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer {
            unsafe lessons_OPENSSL_free(name)
            unsafe lessons_OPENSSL_free(header)
            if let data = unsafe data { unsafe OPENSSL_cleanse(data, count) }
            unsafe lessons_OPENSSL_free(data)
        }
        guard unsafe PEM_read_bio(bio, &name, &header, &data, &count) == 1,
            let name = unsafe name, let header = unsafe header, let data = unsafe data
        else { return nil }
        return unsafe PEMBlock(
            label: String(cString: name), hasHeaders: header.pointee != 0,
            bytes: [UInt8](UnsafeBufferPointer(start: data, count: count)))
    }
}

private enum Base64 {
    /// RFC 4648 §4 with padding, in one line.
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let first = bytes[index]
            let second = index + 1 < bytes.count ? bytes[index + 1] : 0
            let third = index + 2 < bytes.count ? bytes[index + 2] : 0
            out.append(alphabet[Int(first >> 2)])
            out.append(alphabet[Int((first & 0x03) << 4 | second >> 4)])
            out.append(index + 1 < bytes.count ? alphabet[Int((second & 0x0F) << 2 | third >> 6)] : 0x3D)
            out.append(index + 2 < bytes.count ? alphabet[Int(third & 0x3F)] : 0x3D)
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }
}
