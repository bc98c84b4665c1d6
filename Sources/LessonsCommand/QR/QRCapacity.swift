/// What a version holds at an error correction level (ISO/IEC 18004:2015 §6.4.10, tables 1, 7 and 9).
struct QRCapacity: Equatable {
    static let maxVersion = 15

    let version: Int
    let level: QRCode.Level

    /// Code words of error correction in each block, by version from 1.
    private static let correctionWordsLow = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22]
    private static let correctionWordsMedium = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24]
    private static let blocksLow = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6]
    private static let blocksMedium = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10]

    init(version: Int, level: QRCode.Level) {
        precondition((1...QRCapacity.maxVersion).contains(version), "a version that is not supported")
        self.version = version
        self.level = level
    }

    /// Modules of one side.
    var size: Int { 17 + 4 * version }

    var correctionWordsPerBlock: Int {
        (level == .low ? QRCapacity.correctionWordsLow : QRCapacity.correctionWordsMedium)[version - 1]
    }

    var blocks: Int { (level == .low ? QRCapacity.blocksLow : QRCapacity.blocksMedium)[version - 1] }

    /// All code words of the symbol, data and correction.
    var codeWords: Int {
        // Modules without finders, separators, timing and format; then without alignment and version patterns.
        var modules = (16 * version + 128) * version + 64
        if version >= 2 {
            let perSide = version / 7 + 2
            modules -= (25 * perSide - 10) * perSide - 55
        }
        if version >= 7 { modules -= 36 }
        return modules / 8
    }

    var dataWords: Int { codeWords - blocks * correctionWordsPerBlock }

    /// Bits of the length that stands before the bytes (table 3).
    var lengthBits: Int { version < 10 ? 8 : 16 }

    var maxBytes: Int { (dataWords * 8 - 4 - lengthBits) / 8 }

    /// Rows and columns of the centres of alignment patterns (annex E).
    var alignmentPositions: [Int] {
        guard version >= 2 else { return [] }
        let perSide = version / 7 + 2
        let step = (version * 4 + perSide * 2 + 1) / (perSide * 2 - 2) * 2
        let rest = (0..<perSide - 1).map { size - 7 - $0 * step }
        return [6] + rest.reversed()
    }
}
