/// The application protocols that one side speaks, best first, in ALPN's wire form too (RFC 7301 §3.1).
struct ApplicationProtocols {
    let names: [String]
    /// Each name after its length octet. Empty when there are no names.
    let encoded: [UInt8]

    /// - Throws: `.configuration` for a name that is empty or longer than 255 octets.
    init(_ names: [String]) throws(TLSError) {
        var encoded: [UInt8] = []
        for name in names {
            guard let count = UInt8(exactly: name.utf8.count), count > 0 else {
                throw .configuration("the application protocol \"\(name)\" is not 1 to 255 octets long")
            }
            encoded.append(count)
            encoded.append(contentsOf: name.utf8)
        }
        self.names = names
        self.encoded = encoded
    }

    var isEmpty: Bool { names.isEmpty }

    /// Where in the client's list `offer` (wire form, unchecked) the first of our names stands; nil if nowhere.
    /// A list whose lengths do not add up is read as far as they do.
    func select(from offer: UnsafeRawBufferPointer) -> Range<Int>? {
        for name in names {
            let name = name.utf8
            var start = 0
            while start < offer.count {
                let end = unsafe start + 1 + Int(offer[start])
                guard end <= offer.count else { break }
                if unsafe offer[(start + 1)..<end].elementsEqual(name) { return (start + 1)..<end }
                start = end
            }
        }
        return nil
    }
}
