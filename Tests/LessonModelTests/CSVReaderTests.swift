import LessonModel
import Testing

@Suite struct CSVReaderTests {
    /// Reads `text` in pieces of `size` bytes.
    private func reader(_ bytes: [UInt8], size: Int, separator: String = ",") -> CSVReader {
        var rest = bytes[...]
        return CSVReader(separator: separator.utf8.first ?? 0) {
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
    }

    private func records(_ text: String, size: Int = 7, separator: String = ",") throws -> [CSVReader.Record] {
        var reader = reader(Array(text.utf8), size: size, separator: separator)
        var records: [CSVReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test(arguments: 1...12)
    func `fields may be quoted and hold separators, quotes and line ends, in pieces of any size`(size: Int) throws {
        let text = "\u{FEFF}id,title,text\r\n1,\"a, \"\"b\"\"\",\"two\r\nlines\"\r\n\r\n2,Türkiye,\n3,\"\",x\"y"
        #expect(
            try records(text, size: size) == [
                CSVReader.Record(line: 1, fields: ["id", "title", "text"]),
                CSVReader.Record(line: 2, fields: ["1", "a, \"b\"", "two\r\nlines"]),
                CSVReader.Record(line: 5, fields: ["2", "Türkiye", ""]),
                CSVReader.Record(line: 6, fields: ["3", "", "x\"y"]),
            ])
    }

    @Test func `another separator and line ends of CR alone are read`() throws {
        #expect(try records("a;b\r1;2", separator: ";").map(\.fields) == [["a", "b"], ["1", "2"]])
        #expect(try records("a\tb\n1\t2\n", separator: "\t").map(\.fields) == [["a", "b"], ["1", "2"]])
        #expect(try records("").isEmpty)
        #expect(try records("a,b\n,\n").map(\.fields) == [["a", "b"], ["", ""]])
    }

    @Test func `a broken record is told by line and column and the next one is read`() throws {
        var table = CSVTable(
            reader(Array("id,title\n1,\"a\" b\n2,c\n3\n4,d,e\n5,\u{FF}x\n6,\"never\nclosed".utf8.map { $0 }), size: 5))
        func problem() throws -> CSVProblem? {
            do {
                _ = try table.next()
                return nil
            } catch let problem as CSVProblem { return problem }
        }
        let first = try problem()
        #expect(first?.line == 2)
        #expect(first?.column == 2)
        #expect(first?.name == "title")
        #expect(
            first?.description.hasPrefix("line 2, column 2 (title): there is text after the closing quotes") == true)
        let second = try table.next()
        #expect(second?.line == 3)
        #expect(second?.record == .object(["id": .string("2"), "title": .string("c")]))
        #expect(try problem()?.description == "line 4, column 2 (title): the record has 1 fields, the header 2")
        #expect(try problem()?.line == 5)
        #expect(try table.next()?.line == 6)
        let last = try problem()
        #expect(last?.line == 7)
        #expect(last?.problem.contains("never closed") == true)
        #expect(try table.next() == nil)
    }

    @Test func `bytes that are no text and a record without end are refused`() throws {
        var reader = reader([0x61, 0x2C, 0xFF, 0x0A, 0x62, 0x0A], size: 3)
        #expect(throws: CSVProblem.self) { try reader.next() }
        #expect(try reader.next()?.fields == ["b"])
        var endless = CSVReader { Array(repeating: UInt8(ascii: "x"), count: 65_536) }
        _ = endless
        var count = 0
        endless = CSVReader {
            count += 1
            return count < 40 ? Array(repeating: UInt8(ascii: "x"), count: 65_536) : []
        }
        #expect(throws: CSVProblem.self) { try endless.next() }
    }

    @Test func `a header must name each field once and by the right separator`() throws {
        for (text, part) in [
            ("", "empty"), ("a,,b\n", "names no field"), ("a,b,a\n", "twice"), ("a;b;c\n1;2;3\n", "--separator ';'"),
            ("a\tb\n", "--separator tab"),
        ] {
            var table = CSVTable(reader(Array(text.utf8), size: 4))
            let problem = #expect(throws: CSVProblem.self) { try table.next() }
            #expect(problem?.description.contains(part) == true, "\(text): \(problem?.description ?? "")")
            #expect(!table.hasHeader)
        }
    }

    @Test func `a record of CSV becomes a lesson by a mapping`() throws {
        var mapping = ImportMapping.llis
        mapping.topic = Topic("policing")
        mapping.marking = .green
        let text =
            "id,title,driving_event,recommendation,topics\n9,\"A \"\"title\"\"\",\"It\nhappened\",Do it,\"radio, night\"\n"
        var table = CSVTable(reader(Array(text.utf8), size: 16))
        let record = try #require(try table.next())
        let lesson = try #require(try mapping.lesson(of: record.record))
        #expect(lesson.key == "9")
        #expect(lesson.document.lesson.title == "A \"title\"")
        #expect(lesson.document.lesson.observation == "It\nhappened")
        #expect(lesson.document.lesson.tags == ["radio", "night"])
    }
}
