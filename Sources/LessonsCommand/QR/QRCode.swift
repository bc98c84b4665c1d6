/// A QR code symbol of a text, in byte mode (ISO/IEC 18004:2015), versions 1 to 15, error correction L or M.
///
/// The smallest version that holds the text is taken, M where that costs no larger symbol, and the mask that the
/// standard's penalty rates best.
struct QRCode: Equatable {
    enum Level: Equatable {
        /// Restores about 7 % of the code words.
        case low
        /// Restores about 15 %.
        case medium

        /// The two bits of the format information (table 12).
        var formatBits: Int { self == .low ? 0b01 : 0b00 }
    }

    let version: Int
    let level: Level
    /// 0 to 7 (table 10).
    let mask: Int
    /// Modules of one side, without the quiet zone.
    let size: Int
    /// True is dark; row by row.
    private let modules: [Bool]

    /// How many bytes fit at most: those of version 15 with error correction L.
    static let maxBytes = 520

    /// Nil when `text` has more than `maxBytes` bytes.
    init?(_ text: String) {
        guard let code = QRCode(text, mask: nil) else { return nil }
        self = code
    }

    /// - Parameter mask: nil for the best one.
    init?(_ text: String, mask: Int?) {
        let bytes = Array(text.utf8)
        let fits = { (capacity: QRCapacity) in capacity.maxBytes >= bytes.count }
        guard let low = (1...QRCapacity.maxVersion).map({ QRCapacity(version: $0, level: .low) }).first(where: fits)
        else { return nil }
        let medium = QRCapacity(version: low.version, level: .medium)
        let capacity = fits(medium) ? medium : low
        let codeWords = QRCodeWords.of(bytes, capacity)
        let candidates = (mask.map { [$0] } ?? Array(0..<8)).map { mask in
            (mask, QRMatrix(codeWords: codeWords, capacity: capacity, mask: mask))
        }
        guard let best = candidates.min(by: { $0.1.penalty < $1.1.penalty }) else { return nil }
        version = capacity.version
        level = capacity.level
        self.mask = best.0
        size = best.1.size
        modules = best.1.modules
    }

    /// Whether the module is dark; outside the symbol none is.
    subscript(row: Int, column: Int) -> Bool {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return false }
        return modules[row * size + column]
    }
}
