/// Reads a symbol back, from the standard's tables and not from the encoder: format, mask, code words, error correction.
struct QRDecoder {
    enum Failure: Error, Equatable {
        case badFormat, formatsDiffer, badVersion, wrongParity(block: Int), badMode, badPadding
    }

    let version: Int
    let isLow: Bool
    let mask: Int
    let text: String

    /// Data code words of the blocks and correction words of each (ISO/IEC 18004, table 9), by version and level.
    private static let blocks: [String: (data: [Int], correction: Int)] = [
        "1L": ([19], 7), "1M": ([16], 10), "2L": ([34], 10), "2M": ([28], 16), "3L": ([55], 15), "3M": ([44], 26),
        "4L": ([80], 20), "4M": ([32, 32], 18), "5L": ([108], 26), "5M": ([43, 43], 24), "6L": ([68, 68], 18),
        "6M": ([27, 27, 27, 27], 16), "7L": ([78, 78], 20), "7M": ([31, 31, 31, 31], 18), "8L": ([97, 97], 24),
        "8M": ([38, 38, 39, 39], 22), "9L": ([116, 116], 30), "9M": ([36, 36, 36, 37, 37], 22),
        "10L": ([68, 68, 69, 69], 18), "10M": ([43, 43, 43, 43, 44], 26), "13L": ([107, 107, 107, 107], 26),
        "15L": ([87, 87, 87, 87, 87, 88], 22),
    ]
    private static let alignment: [Int: [Int]] = [
        1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38], 8: [6, 24, 42],
        9: [6, 26, 46], 10: [6, 28, 50], 13: [6, 34, 62], 15: [6, 26, 48, 70],
    ]

    /// - Parameter isDark: whether the module at row and column is dark.
    init(size: Int, isDark: (Int, Int) -> Bool) throws {
        version = (size - 17) / 4
        guard size == 17 + 4 * version, let centres = Self.alignment[version] else { throw Failure.badVersion }
        let format = try Self.format(size, isDark)
        (isLow, mask) = (format >> 3 == 1, format & 7)
        guard let layout = Self.blocks["\(version)\(isLow ? "L" : "M")"] else { throw Failure.badVersion }

        var words: [UInt8] = []
        var bits: [Bool] = []
        var column = size - 1
        var isUpward = true
        while column > 0 {
            if column == 6 { column -= 1 }
            for step in 0..<size {
                let row = isUpward ? size - 1 - step : step
                for place in [column, column - 1] where !Self.isPattern(row, place, size, version, centres) {
                    bits.append(isDark(row, place) != Self.flips(format & 7, row, place))
                    if bits.count == 8 {
                        words.append(bits.reduce(0) { $0 << 1 | ($1 ? 1 : 0) })
                        bits = []
                    }
                }
            }
            column -= 2
            isUpward.toggle()
        }
        text = try Self.text(Self.data(words, layout), lengthBits: version < 10 ? 8 : 16)
    }

    /// 15 bits at two places; one of 8 valid words of level L or M.
    private static func format(_ size: Int, _ isDark: (Int, Int) -> Bool) throws -> Int {
        let first = [
            (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8), (5, 8), (4, 8), (3, 8), (2, 8),
            (1, 8), (0, 8),
        ]
        let second = (0..<7).map { (size - 1 - $0, 8) } + (0..<8).map { (8, size - 8 + $0) }
        let words = [first, second].map { $0.reduce(0) { $0 << 1 | (isDark($1.0, $1.1) ? 1 : 0) } ^ 0x5412 }
        guard words[0] == words[1] else { throw Failure.formatsDiffer }
        // Division by x^10+x^8+x^5+x^4+x^2+x+1 leaves nothing of a valid word.
        var rest = words[0]
        for bit in stride(from: 14, through: 10, by: -1) where rest >> bit & 1 == 1 { rest ^= 0x537 << (bit - 10) }
        guard rest == 0, isDark(size - 8, 8) else { throw Failure.badFormat }
        return words[0] >> 10
    }

    private static func isPattern(_ row: Int, _ column: Int, _ size: Int, _ version: Int, _ centres: [Int]) -> Bool {
        if row == 6 || column == 6 { return true }
        if row < 9 && column < 9 || row < 9 && column >= size - 8 || row >= size - 8 && column < 9 { return true }
        if version >= 7, row < 6 && column >= size - 11 || column < 6 && row >= size - 11 { return true }
        for down in centres {
            for right in centres where abs(row - down) <= 2 && abs(column - right) <= 2 {
                let isCorner = (down == 6 || down == size - 7) && (right == 6 || right == size - 7)
                if !isCorner || down == size - 7 && right == size - 7 { return true }
            }
        }
        return false
    }

    private static func flips(_ mask: Int, _ i: Int, _ j: Int) -> Bool {
        [
            (i + j) % 2, i % 2, j % 3, (i + j) % 3, (i / 2 + j / 3) % 2, (i * j) % 2 + (i * j) % 3,
            ((i * j) % 2 + (i * j) % 3) % 2, ((i + j) % 2 + (i * j) % 3) % 2,
        ][mask] == 0
    }

    /// Undoes the interleaving and checks that every block's polynomial vanishes at the generator's roots.
    private static func data(_ words: [UInt8], _ layout: (data: [Int], correction: Int)) throws -> [UInt8] {
        var blocks = layout.data.map { _ in [UInt8]() }
        var rest = words[...]
        for index in 0..<(layout.data.max() ?? 0) {
            for block in blocks.indices where index < layout.data[block] { blocks[block].append(rest.removeFirst()) }
        }
        let data = blocks.flatMap(\.self)
        for _ in 0..<layout.correction { for block in blocks.indices { blocks[block].append(rest.removeFirst()) } }
        var powers: [Int] = [1]
        for _ in 1..<255 { powers.append(powers.last.map { $0 << 1 ^ ($0 >= 128 ? 0x11D : 0) } ?? 0) }
        for (number, block) in blocks.enumerated() {
            for root in 0..<layout.correction {
                var value = 0
                for word in block {
                    value = value == 0 ? 0 : powers[((powers.firstIndex(of: value) ?? 0) + root) % 255]
                    value ^= Int(word)
                }
                guard value == 0 else { throw Failure.wrongParity(block: number) }
            }
        }
        return data
    }

    private static func text(_ data: [UInt8], lengthBits: Int) throws -> String {
        var bits = data.flatMap { word in (0..<8).map { Int(word >> (7 - $0) & 1) } }[...]
        func take(_ count: Int) -> Int {
            defer { bits = bits.dropFirst(count) }
            return bits.prefix(count).reduce(0) { $0 << 1 | $1 }
        }
        guard take(4) == 0b0100 else { throw Failure.badMode }
        let length = take(lengthBits)
        let bytes = (0..<length).map { _ in UInt8(take(8)) }
        guard take(min(4, bits.count)) == 0 else { throw Failure.badPadding }
        _ = take(bits.count % 8)
        var expected = 0xEC
        while !bits.isEmpty {
            guard take(8) == expected else { throw Failure.badPadding }
            expected ^= 0xEC ^ 0x11
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
