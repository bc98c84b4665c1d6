import FoundationEssentials

/// Walks an audit log from its first entry and finds where it is not what was written.
///
/// Each entry follows from the one before by its hash. From an entry that somebody's names were erased from, only its
/// hash is left to go by; such entries are in order when a later entry, itself whole, tells of just them.
package struct AuditChainCheck: Sendable {
    private var entryCount: Int64 = 0
    private var headHash = AuditRecord.originHash
    private var firstBroken: Int64?
    private var erased: [(entry: Int64, by: Int64)] = []
    private var acts: [Int64: ErasedEntries] = [:]

    package init() {}

    /// Takes the next entry.
    package mutating func take(_ record: AuditRecord) {
        entryCount += 1
        let follows =
            record.sequence == entryCount && (record.erasedBy != nil || record.hash == record.hash(after: headHash))
        if !follows, firstBroken == nil { firstBroken = entryCount }
        headHash = record.hash
        if let act = record.erasedBy {
            erased.append((record.sequence, act))
        } else if record.action == ErasedEntries.action {
            acts[record.sequence] = ErasedEntries(detail: record.detail)
        }
    }

    /// What was found in all that was taken.
    package func result() -> AuditVerification {
        let unexplained = erased.first { $0.by <= $0.entry || acts[$0.by]?.contains($0.entry) != true }?.entry
        return AuditVerification(
            entryCount: Int(entryCount), headHash: headHash,
            firstBroken: [firstBroken, unexplained].compactMap(\.self).min())
    }
}

/// The entries that an act of erasing names changed, as its own entry tells them: `3 7 12-19`.
struct ErasedEntries: Sendable {
    static let action = "names.erase"
    static let field = "entries"

    private let ranges: [ClosedRange<Int64>]

    /// - Parameter sequences: rising.
    init(_ sequences: [Int64]) {
        var ranges: [ClosedRange<Int64>] = []
        for sequence in sequences {
            if let last = ranges.last, last.upperBound + 1 == sequence {
                ranges[ranges.count - 1] = last.lowerBound...sequence
            } else {
                ranges.append(sequence...sequence)
            }
        }
        self.ranges = ranges
    }

    /// Nil when `detail` is not that of such an entry.
    init?(detail: String) {
        guard let fields = try? JSONDecoder().decode([String: String].self, from: Data(detail.utf8)),
            let text = fields[ErasedEntries.field]
        else { return nil }
        var ranges: [ClosedRange<Int64>] = []
        for part in text.split(separator: " ") {
            let ends = part.split(separator: "-").compactMap { Int64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
    }

    func contains(_ sequence: Int64) -> Bool { ranges.contains { $0.contains(sequence) } }
}
