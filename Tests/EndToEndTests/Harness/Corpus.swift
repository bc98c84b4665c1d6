import Foundation
import LessonModel

/// Records to import: NASA's lessons where they are present, else made-up ones of the same shape.
struct Corpus {
    /// JSON lines.
    let file: String
    /// The records' `organization`, each with its number of records, in the order of their names.
    let centres: [(name: String, count: Int)]
    private let lines: [String: [[UInt8]]]
    /// What each record becomes.
    let lessons: [Lesson]

    static let fileName = "nasa-llis.jsonl"
    private static let madeUpCentres = [("NORTH", 400), ("EAST", 80), ("SOUTH", 70), ("WEST", 10)]

    /// - Parameter directory: where a made-up corpus is written.
    init(madeUpIn directory: String) throws {
        let present = Self.folder.appending(path: Self.fileName)
        if FileManager.default.isReadableFile(atPath: present.path) {
            file = present.path
        } else {
            file = directory + "/made-up.jsonl"
            try Data(Self.madeUp().utf8).write(to: URL(filePath: file))
        }
        var mapping = ImportMapping.llis
        mapping.topic = Topic("policing/training")
        mapping.marking = .clear
        var lines: [String: [[UInt8]]] = [:]
        var lessons: [Lesson] = []
        for line in try Data(contentsOf: URL(filePath: file)).split(separator: UInt8(ascii: "\n")) {
            let record = try JSONValue(parsing: line)
            guard let centre = record["organization"]?.text, let lesson = try mapping.lesson(of: record) else {
                throw EndToEndFailure("a record of \(file) has no organization")
            }
            lines[centre, default: []].append(Array(line))
            lessons.append(lesson.document.lesson)
        }
        self.lines = lines
        centres = lines.sorted { $0.key < $1.key }.map { (name: $0.key, count: $0.value.count) }
        self.lessons = lessons
    }

    /// A centre's short name on the relay.
    static func slug(of centre: String) -> String {
        "nasa-" + String(centre.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    private static var folder: URL {
        if let set = ProcessInfo.processInfo.environment["LESSONS_DATA"] { return URL(filePath: set) }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appending(path: "shared/data")
    }

    /// Records of a centre as JSON lines: the first `count` of them, and the others.
    func records(of centre: String, parted count: Int) -> ([UInt8], [UInt8]) {
        let own = lines[centre, default: []]
        func joined(_ lines: some Sequence<[UInt8]>) -> [UInt8] { lines.flatMap { $0 + [UInt8(ascii: "\n")] } }
        return (joined(own.prefix(count)), joined(own.dropFirst(count)))
    }

    private static func madeUp() -> String {
        let centres = madeUpCentres.flatMap { Array(repeating: $0.0, count: $0.1) }
        return centres.enumerated().map { number, centre in
            let text = String(repeating: "Sentence of record \(number). ", count: 1 + number % 40)
            return """
                {"id": \(number), "title": "Record \(number)", "abstract": "\(text)", "driving_event": "Event \(number).", \
                "lesson": "Lesson \(number).", "recommendation": "Do \(number).", "organization": "\(centre)", \
                "date_occurred": "1999-01-02", "topics": ["training"]}
                """
        }.joined(separator: "\n") + "\n"
    }
}
