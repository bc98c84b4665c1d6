/// Records of comma-separated values (RFC 4180), read one after the other out of pieces of any size.
///
/// Accepted beyond the standard: a byte order mark, line ends of LF or CR alone, empty lines (passed over), quotes within a
/// field that does not begin with them.
package struct CSVReader {
    package static let maxRecordBytes = 1 << 20
    package static let maxFields = 1_000

    package struct Record: Hashable, Sendable {
        /// On which the record begins, from 1.
        package var line: Int
        package var fields: [String]

        package init(line: Int, fields: [String]) {
            self.line = line
            self.fields = fields
        }
    }

    private let separator: UInt8
    private let read: () throws -> [UInt8]
    private var piece: [UInt8] = []
    private var place = 0
    private var hasBegun = false
    private var line = 1

    /// - Parameter read: the next piece; empty at the end.
    package init(separator: UInt8 = UInt8(ascii: ","), read: @escaping () throws -> [UInt8]) {
        self.separator = separator
        self.read = read
    }

    /// Nil after the last record.
    /// - Throws: `CSVProblem` for a record that cannot be read; the next call goes on after it. Else what `read` throws.
    package mutating func next() throws -> Record? {
        if !hasBegun { try skipByteOrderMark() }
        while let first = try peek() {
            if isLineEnd(first) {
                try skipLineEnd()
                continue
            }
            var record = Record(line: line, fields: [])
            var bytes = 0
            while true {
                let field = try readField(column: record.fields.count + 1, startLine: record.line)
                bytes += field.count
                guard bytes <= Self.maxRecordBytes, record.fields.count < Self.maxFields else {
                    try skipLine()
                    throw CSVProblem(
                        line: record.line, column: record.fields.count + 1,
                        problem:
                            "the record has more than \(Self.maxRecordBytes / 1024) KiB or \(Self.maxFields) fields")
                }
                guard let text = String(validating: field, as: UTF8.self) else {
                    try skipLine()
                    throw CSVProblem(
                        line: record.line, column: record.fields.count + 1,
                        problem: "the field is not UTF-8; convert the file with: iconv -t UTF-8")
                }
                record.fields.append(text)
                guard try peek() == separator else { break }
                place += 1
            }
            if try peek() != nil { try skipLineEnd() }
            return record
        }
        return nil
    }

    /// Leaves the separator, or the line end, to be read next.
    private mutating func readField(column: Int, startLine: Int) throws -> [UInt8] {
        var field: [UInt8] = []
        guard try peek() == UInt8(ascii: "\"") else {
            while let byte = try peek(), byte != separator, !isLineEnd(byte), field.count <= Self.maxRecordBytes {
                field.append(byte)
                place += 1
            }
            return field
        }
        let opened = line
        place += 1
        while let byte = try peek() {
            if field.count > Self.maxRecordBytes { return field }
            place += 1
            guard byte == UInt8(ascii: "\"") else {
                if byte == UInt8(ascii: "\n") { line += 1 }
                field.append(byte)
                continue
            }
            if try peek() == UInt8(ascii: "\"") {
                field.append(byte)
                place += 1
                continue
            }
            guard let after = try peek(), after != separator, !isLineEnd(after) else { return field }
            let found = line
            try skipLine()
            throw CSVProblem(
                line: found, column: column,
                problem: "there is text after the closing quotes; write quotes within a field twice")
        }
        throw CSVProblem(
            line: opened, column: column, problem: "the quotes that begin the field here are never closed")
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    private mutating func skipLineEnd() throws {
        guard let byte = try peek(), isLineEnd(byte) else { return }
        place += 1
        if byte == UInt8(ascii: "\r"), try peek() == UInt8(ascii: "\n") { place += 1 }
        line += 1
    }

    private mutating func skipLine() throws {
        while let byte = try peek(), !isLineEnd(byte) { place += 1 }
        try skipLineEnd()
    }

    private mutating func skipByteOrderMark() throws {
        hasBegun = true
        while piece.count < 3, case let more = try read(), !more.isEmpty { piece += more }
        if piece.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    private mutating func peek() throws -> UInt8? {
        if place == piece.count {
            piece = try read()
            place = 0
            if piece.isEmpty { return nil }
        }
        return piece[place]
    }
}

/// Why a record of a CSV file cannot be read. Others are not affected.
package struct CSVProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// The field's number, from 1.
    package let column: Int
    /// The field's name, where the header says it.
    package var name: String?
    package let problem: String

    package init(line: Int, column: Int, name: String? = nil, problem: String) {
        self.line = line
        self.column = column
        self.name = name
        self.problem = problem
    }

    package var description: String { "line \(line), column \(column)\(name.map { " (\($0))" } ?? ""): \(problem)" }
}

/// A CSV file whose first record names the fields, as records for an `ImportMapping`.
package struct CSVTable {
    private var reader: CSVReader
    /// Nil before the first record was read.
    private var names: [String]?

    package init(_ reader: CSVReader) { self.reader = reader }

    /// Each field by its name, as a text. Nil after the last record.
    /// - Throws: `CSVProblem`; of the header, then nothing of the file can be read.
    package mutating func next() throws -> (line: Int, record: JSONValue)? {
        let names: [String]
        if let known = self.names {
            names = known
        } else {
            names = try readHeader()
            self.names = names
        }
        do {
            guard let record = try reader.next() else { return nil }
            guard record.fields.count == names.count else {
                let column = min(record.fields.count, names.count) + 1
                throw CSVProblem(
                    line: record.line, column: column,
                    problem: "the record has \(record.fields.count) fields, the header \(names.count)")
            }
            let members = Dictionary(zip(names, record.fields.map(JSONValue.string))) { first, _ in first }
            return (record.line, .object(members))
        } catch var problem as CSVProblem {
            if problem.column <= names.count { problem.name = names[problem.column - 1] }
            throw problem
        }
    }

    /// True when the header was read, so that a problem is one record's.
    package var hasHeader: Bool { names != nil }

    private mutating func readHeader() throws -> [String] {
        guard let header = try reader.next() else {
            throw CSVProblem(line: 1, column: 1, problem: "the file is empty; its first line must name the fields")
        }
        let names = header.fields.map(CleanText.trimmed)
        for (index, name) in names.enumerated() {
            guard !name.isEmpty else {
                throw CSVProblem(line: header.line, column: index + 1, problem: "the header names no field here")
            }
            guard names.firstIndex(of: name) == index else {
                throw CSVProblem(
                    line: header.line, column: index + 1, name: name, problem: "the header names this field twice")
            }
        }
        if names.count == 1, let other = names[0].first(where: { ";\t|,".contains($0) }) {
            let shown = other == "\t" ? "tab" : "'\(other)'"
            throw CSVProblem(
                line: header.line, column: 1,
                problem: "the header has one field only; if \(shown) separates the fields, say --separator \(shown)")
        }
        return names
    }
}
