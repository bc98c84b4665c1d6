import Foundation

/// The lines of a file that may be larger than memory, one after the other.
struct RecordLines {
    static let maxLineBytes = 1 << 20

    enum Line: Equatable {
        case bytes([UInt8])
        case tooLong
    }

    /// A longer line is reported as `.tooLong` and skipped.
    let maxLineBytes: Int
    private let read: () throws -> [UInt8]
    private var buffer: [UInt8] = []
    private var start = 0
    /// Bytes before it hold no line end.
    private var searched = 0
    private var isSkipping = false
    private var hasEnded = false

    /// - Parameter read: the next piece; empty at the end.
    init(maxLineBytes: Int = RecordLines.maxLineBytes, read: @escaping () throws -> [UInt8]) {
        self.maxLineBytes = maxLineBytes
        self.read = read
    }

    /// `-` is stdin.
    init(path: String, maxLineBytes: Int = RecordLines.maxLineBytes) throws(CommandFailure) {
        self.init(maxLineBytes: maxLineBytes, read: try Self.pieces(path))
    }

    /// What a file holds, piece by piece; `-` is stdin.
    static func pieces(_ path: String) throws(CommandFailure) -> () throws -> [UInt8] {
        guard path != "-" else { return { try readAvailable(STDIN_FILENO) } }
        let handle = try InputText.open(path)
        return { Array(try handle.read(upToCount: 65_536) ?? Data()) }
    }

    /// What is there, without waiting for more: records from a pipe are taken as they come. Empty at the end.
    private static func readAvailable(_ descriptor: Int32) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            while true {
                let bytes = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if bytes >= 0 {
                    count = bytes
                    return
                }
                guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            }
        }
    }

    /// Nil after the last line. A last line without a line end counts; `\r` before a line end does not.
    mutating func next() throws(CommandFailure) -> Line? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[start..<end]
                (start, searched) = (end + 1, end + 1)
                return finish(line)
            }
            searched = buffer.count
            if hasEnded {
                guard start < buffer.count || isSkipping else { return nil }
                let line = buffer[start...]
                start = buffer.count
                return finish(line)
            }
            if buffer.count - start > maxLineBytes {
                isSkipping = true
                start = buffer.count
            }
            buffer.removeFirst(start)
            searched -= start
            start = 0
            do {
                let piece = try read()
                hasEnded = piece.isEmpty
                buffer += piece
            } catch {
                throw CommandFailure(
                    .missingInput, "NO_INPUT", "the records cannot be read: \(error.localizedDescription)")
            }
        }
    }

    private mutating func finish(_ line: ArraySlice<UInt8>) -> Line {
        defer { isSkipping = false }
        guard !isSkipping, line.count <= maxLineBytes else { return .tooLong }
        return .bytes(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
}
