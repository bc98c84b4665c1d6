/// A text as the code words of a symbol: data, padding and error correction, in the order in which they are placed.
enum QRCodeWords {
    /// - Parameter bytes: at most `capacity.maxBytes`.
    static func of(_ bytes: [UInt8], _ capacity: QRCapacity) -> [UInt8] {
        let data = dataWords(bytes, capacity)
        let count = capacity.blocks
        // The last blocks are one code word longer where the data does not divide evenly.
        let shortLength = data.count / count
        let shortCount = count - data.count % count
        let divisor = QRReedSolomon.generator(degree: capacity.correctionWordsPerBlock)
        var blocks: [[UInt8]] = []
        var start = 0
        for index in 0..<count {
            let end = start + shortLength + (index < shortCount ? 0 : 1)
            blocks.append(Array(data[start..<end]))
            start = end
        }
        let corrections = blocks.map { QRReedSolomon.remainder(of: $0, by: divisor) }
        return interleaved(blocks) + interleaved(corrections)
    }

    /// Mode, length, bytes, terminator and padding (§7.4).
    private static func dataWords(_ bytes: [UInt8], _ capacity: QRCapacity) -> [UInt8] {
        precondition(bytes.count <= capacity.maxBytes, "the text does not fit the version")
        var bits: [Bool] = []
        func append(_ value: Int, _ count: Int) {
            for bit in stride(from: count - 1, through: 0, by: -1) { bits.append(value >> bit & 1 == 1) }
        }
        append(0b0100, 4)
        append(bytes.count, capacity.lengthBits)
        for byte in bytes { append(Int(byte), 8) }
        let room = capacity.dataWords * 8
        append(0, min(4, room - bits.count))
        append(0, (8 - bits.count % 8) % 8)
        var words = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        var padding: UInt8 = 0xEC
        while words.count < capacity.dataWords {
            words.append(padding)
            padding ^= 0xEC ^ 0x11
        }
        return words
    }

    /// The first of each block, then the second of each, and so on.
    private static func interleaved(_ blocks: [[UInt8]]) -> [UInt8] {
        let longest = blocks.map(\.count).max() ?? 0
        return (0..<longest).flatMap { index in blocks.compactMap { index < $0.count ? $0[index] : nil } }
    }
}

/// Reed-Solomon codes over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (§7.5).
enum QRReedSolomon {
    /// The coefficients of (x - 2^0)(x - 2^1)…, without the leading one, highest power first.
    static func generator(degree: Int) -> [UInt8] {
        var coefficients = [UInt8](repeating: 0, count: degree)
        coefficients[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                coefficients[index] = product(coefficients[index], root)
                if index + 1 < degree { coefficients[index] ^= coefficients[index + 1] }
            }
            root = product(root, 2)
        }
        return coefficients
    }

    /// The correction words of `data`.
    static func remainder(of data: [UInt8], by generator: [UInt8]) -> [UInt8] {
        var rest = [UInt8](repeating: 0, count: generator.count)
        for word in data {
            let factor = word ^ rest.removeFirst()
            rest.append(0)
            for index in rest.indices { rest[index] ^= product(generator[index], factor) }
        }
        return rest
    }

    static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product: UInt8 = 0
        for bit in stride(from: 7, through: 0, by: -1) {
            product = product << 1 ^ (product >> 7 == 1 ? 0x1D : 0)
            if right >> bit & 1 == 1 { product ^= left }
        }
        return product
    }
}
