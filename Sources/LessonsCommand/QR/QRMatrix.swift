/// The modules of a symbol: patterns, format, code words and mask in their places (ISO/IEC 18004:2015 §6.3, §7.7 to 7.10).
struct QRMatrix {
    let size: Int
    private(set) var modules: [Bool]
    /// Modules that carry no code word and are not masked.
    private var isReserved: [Bool]

    init(codeWords: [UInt8], capacity: QRCapacity, mask: Int) {
        size = capacity.size
        modules = Array(repeating: false, count: size * size)
        isReserved = modules
        drawPatterns(capacity)
        drawFormat(capacity.level, mask: mask)
        place(codeWords, mask: mask)
    }

    /// For tests of the penalty: `rows` of `#` for dark and anything else for light.
    init(rows: [String]) {
        size = rows.count
        modules = rows.flatMap { $0.map { $0 == "#" } }
        precondition(modules.count == size * size, "the rows make a square")
        isReserved = Array(repeating: false, count: modules.count)
    }

    private mutating func reserve(_ row: Int, _ column: Int, isDark: Bool) {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return }
        modules[row * size + column] = isDark
        isReserved[row * size + column] = true
    }

    // MARK: Patterns

    private mutating func drawPatterns(_ capacity: QRCapacity) {
        for index in 0..<size {
            reserve(6, index, isDark: index % 2 == 0)
            reserve(index, 6, isDark: index % 2 == 0)
        }
        for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] { drawFinder(row, column) }
        let positions = capacity.alignmentPositions
        for row in positions {
            for column in positions where !isFinder(row, column) { drawAlignment(row, column) }
        }
        if capacity.version >= 7 { drawVersion(capacity.version) }
    }

    /// A finder pattern with its separator, around its centre.
    private mutating func drawFinder(_ row: Int, _ column: Int) {
        for down in -4...4 {
            for right in -4...4 {
                let ring = max(abs(down), abs(right))
                reserve(row + down, column + right, isDark: ring != 2 && ring != 4)
            }
        }
    }

    private mutating func drawAlignment(_ row: Int, _ column: Int) {
        for down in -2...2 {
            for right in -2...2 {
                reserve(row + down, column + right, isDark: max(abs(down), abs(right)) != 1)
            }
        }
    }

    /// The three corners that have finders have no alignment pattern.
    private func isFinder(_ row: Int, _ column: Int) -> Bool {
        let last = size - 7
        return (row, column) == (6, 6) || (row, column) == (6, last) || (row, column) == (last, 6)
    }

    /// 6 bits of version and 12 of its BCH code, twice (annex D).
    private mutating func drawVersion(_ version: Int) {
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            reserve(index / 3, size - 11 + index % 3, isDark: isDark)
            reserve(size - 11 + index % 3, index / 3, isDark: isDark)
        }
    }

    /// 5 bits of level and mask and 10 of their BCH code, twice (annex C); and the module that is always dark.
    private mutating func drawFormat(_ level: QRCode.Level, mask: Int) {
        let data = level.formatBits << 3 | mask
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let bits = (data << 10 | rest) ^ 0x5412
        func isDark(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        for index in 0..<6 { reserve(index, 8, isDark: isDark(index)) }
        reserve(7, 8, isDark: isDark(6))
        reserve(8, 8, isDark: isDark(7))
        reserve(8, 7, isDark: isDark(8))
        for index in 9..<15 { reserve(8, 14 - index, isDark: isDark(index)) }
        for index in 0..<8 { reserve(8, size - 1 - index, isDark: isDark(index)) }
        for index in 8..<15 { reserve(size - 15 + index, 8, isDark: isDark(index)) }
        reserve(size - 8, 8, isDark: true)
    }

    // MARK: Code words

    /// Two columns at a time from the right, up and down in turns, past the vertical timing pattern.
    private mutating func place(_ codeWords: [UInt8], mask: Int) {
        var next = 0
        var isUpward = true
        for pair in (0..<size / 2).reversed() {
            // Left of the timing pattern in column 6 the pairs lie one column further left.
            let right = pair >= 3 ? pair * 2 + 2 : pair * 2 + 1
            for step in 0..<size {
                let row = isUpward ? size - 1 - step : step
                for column in [right, right - 1] where !isReserved[row * size + column] {
                    // What is left over at the end is light before the mask.
                    let isDark = next < codeWords.count * 8 && codeWords[next / 8] >> (7 - next % 8) & 1 == 1
                    modules[row * size + column] = isDark != QRMatrix.isInverted(mask, row, column)
                    next += 1
                }
            }
            isUpward.toggle()
        }
    }

    /// Table 10.
    private static func isInverted(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        let product = row * column
        return switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: product % 2 + product % 3 == 0
        case 6: (product % 2 + product % 3) % 2 == 0
        case 7: ((row + column) % 2 + product % 3) % 2 == 0
        default: preconditionFailure("there are eight masks")
        }
    }
}

/// How badly a symbol reads (§7.8.3, table 11): the mask with the least penalty is taken.
extension QRMatrix {
    var penalty: Int { linePenalty + blockPenalty + balancePenalty }

    private func line(_ index: Int, isRow: Bool) -> [Bool] {
        (0..<size).map { modules[isRow ? index * size + $0 : $0 * size + index] }
    }

    /// Runs of five or more of one colour, and what looks like a finder pattern with four light modules beside it.
    private var linePenalty: Int {
        let finder = [true, false, true, true, true, false, true]
        let quiet = [Bool](repeating: false, count: 4)
        let patterns = [finder + quiet, quiet + finder]
        var sum = 0
        for isRow in [true, false] {
            for index in 0..<size {
                let line = line(index, isRow: isRow)
                var run = 0
                for position in line.indices {
                    run = position > 0 && line[position] == line[position - 1] ? run + 1 : 1
                    if run == 5 { sum += 3 } else if run > 5 { sum += 1 }
                }
                guard size >= 11 else { continue }
                for start in 0...size - 11 {
                    let part = line[start..<start + 11]
                    for pattern in patterns where part.elementsEqual(pattern) { sum += 40 }
                }
            }
        }
        return sum
    }

    /// Squares of two by two of one colour, overlapping ones too.
    private var blockPenalty: Int {
        var sum = 0
        for row in 0..<size - 1 {
            for column in 0..<size - 1 {
                let first = modules[row * size + column]
                let others = [
                    modules[row * size + column + 1], modules[(row + 1) * size + column],
                    modules[(row + 1) * size + column + 1],
                ]
                if others.allSatisfy({ $0 == first }) { sum += 3 }
            }
        }
        return sum
    }

    /// Ten for each 5 % by which the dark part is away from a half.
    private var balancePenalty: Int {
        let dark = modules.count(where: \.self)
        return abs(dark * 20 - modules.count * 10) / modules.count * 10
    }
}
