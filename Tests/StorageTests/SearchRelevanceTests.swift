import Foundation
import LessonModel
import Testing

@testable import Storage

/// Twenty searches as somebody would write them who remembers a lesson but not its title, on NASA's 1,410 lessons.
@Suite(.enabled(if: NASALessons.file != nil, "the lessons of NASA are not here; set LESSONS_DATA"))
struct SearchRelevanceTests {
    /// Each search with the id of the record that should come first.
    private static let searches: [(text: String, best: String)] = [
        ("backup tapes never verified", "1781"), ("flooding rover testbed", "17701"), ("SMAP radar failure", "27701"),
        ("management does not want bad news", "1589"), ("wrist strap fibers", "301"),
        ("cartridge installed backward", "3697"), ("Mars Global Surveyor loss of contact", "1805"),
        ("maintenance-free batteries capacity test", "557"), ("crane load cell", "61"),
        ("robot lithium battery fire", "23701"), ("SOHO ground errors attitude", "664"),
        ("WIRE cover ejected pyro", "637"), ("polarized capacitor reverse biased", "1840"),
        ("earned value management framework", "6637"), ("incorrect labels human error", "1328"),
        ("o-ring field joint hot gas", "953"), ("video conferencing accident investigation", "1456"),
        ("wire rope isolators sine burst", "25801"), ("inaccurate drawings thermal blanket", "3656"),
        ("reuse metrology software optics", "2158"),
    ]

    @Test func `the lesson that is meant comes first, or nearly`() throws {
        let world = try SearchWorld()
        var keys: [PostID: String] = [:]
        var mapping = ImportMapping.llis
        mapping.topic = Fixture.topics[0]
        mapping.marking = .green
        for line in try Data(contentsOf: #require(NASALessons.file)).split(separator: UInt8(ascii: "\n")) {
            guard let imported = try mapping.lesson(ofLine: line) else { continue }
            var post = world.fixture.lesson(by: world.author)
            post.body = .lesson(imported.document.lesson)
            keys[try world.append(post).id] = imported.key
        }
        #expect(keys.count == 1_410)
        var sum = 0.0
        for (text, best) in Self.searches {
            let found = try world.found(text).prefix(20).map { keys[$0] ?? "" }
            let rank = found.firstIndex(of: best).map { $0 + 1 }
            sum += rank.map { 1 / Double($0) } ?? 0
            if rank != 1 { print("\"\(text)\": \(rank.map { "place \($0)" } ?? "not among the first 20")") }
        }
        let mean = sum / Double(Self.searches.count)
        print("mean reciprocal rank \(mean)")
        #expect(mean > 0.8)
    }
}

/// The lessons of NASA, where they are present.
private enum NASALessons {
    static let file: URL? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder =
            ProcessInfo.processInfo.environment["LESSONS_DATA"].map { URL(filePath: $0) }
            ?? package.deletingLastPathComponent().appending(path: "shared/data")
        let file = folder.appending(path: "nasa-llis.jsonl")
        return FileManager.default.isReadableFile(atPath: file.path) ? file : nil
    }()
}
