import ArgumentParser
import Foundation
import LessonModel
import Wire

struct SearchBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Searching real lessons.",
        discussion: """
            Posts the lessons of a file of JSON lines, one record of NASA's LLIS a line, then searches for words of their \
            titles, for beginnings of words, and for lessons like another. Times are a client's, from the request to its \
            answer over TLS. With --copies 70, the relay holds some 100,000 lessons, in which every word is as frequent as \
            in the file.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "The file with the lessons.", completion: .file(extensions: ["jsonl"]))
    var lessons = "../shared/data/nasa-llis.jsonl"
    @Option(help: "How often each lesson is posted.") var copies = 1
    @Option(help: "Searches of each kind.") var tries = 400

    func validate() throws {
        guard copies > 0, tries > 0 else { throw ValidationError("--copies and --tries are 1 or more") }
    }

    func run() async throws {
        for figure in try await figures() { try options.print([figure]) }
    }

    func figures() async throws -> [Figure] {
        let read = try read()
        return try await BenchRelay.with(options.relay) { relay in
            let peer = try await relay.connect()
            for _ in 0..<copies {
                try await peer.pump(try read.map { try relay.member.post($0, topic: BenchRelay.topic) }, inFlight: 64)
            }
            // Not measured: posts are indexed in their order, so the last is found when all are.
            var last = read[0]
            last.title = SearchBench.lastTitle
            try await peer.pump([try relay.member.post(last, topic: BenchRelay.topic)], inFlight: 1)
            while case .searchResults(let found) = try await peer.request(.search(search(SearchBench.lastTitle))),
                found.hits.isEmpty
            {}
            return [
                try await measure("words of a title", relay, peer) { search(words(of: read[$0 % read.count])) },
                try await measure("one word", relay, peer) { search(String(word(of: read[$0 % read.count]))) },
                try await measure("the beginning of a word", relay, peer) {
                    search(word(of: read[$0 % read.count]).prefix(4) + "*")
                },
                try await measure("lessons like another", relay, peer) { index in
                    let lesson = read[index % read.count]
                    var like = search("\(lesson.title) \(lesson.recommendation.prefix(400))")
                    like.similar = true
                    return like
                },
                try await measure("what is not there", relay, peer) { search("xqzv\($0)") },
            ]
        }
    }

    private func read() throws -> [Lesson] {
        guard let data = FileManager.default.contents(atPath: lessons) else {
            throw ValidationError("\(lessons) cannot be read; name a file with --lessons")
        }
        var mapping = ImportMapping.llis
        mapping.topic = Topic(BenchRelay.topic)
        mapping.marking = .green
        let found = try data.split(separator: UInt8(ascii: "\n")).compactMap {
            try mapping.lesson(ofLine: $0)?.document.lesson
        }
        guard !found.isEmpty else { throw ValidationError("there is no lesson in \(lessons)") }
        return found
    }

    private static let lastTitle = "xqzvlast"

    private func search(_ text: String) -> WireSearch {
        var search = WireSearch()
        search.text = text
        return search
    }

    /// The first words of the title, or its longest one where all are short.
    private func words(of lesson: Lesson) -> String {
        let words = lesson.title.split { !$0.isLetter }.filter { $0.count > 3 }.prefix(3).map(String.init)
        return words.isEmpty ? word(of: lesson) : words.joined(separator: " ")
    }

    /// The longest word of the title.
    private func word(of lesson: Lesson) -> String {
        String(lesson.title.split { !$0.isLetter }.max { $0.count < $1.count } ?? "lesson")
    }

    private func measure(
        _ what: String, _ relay: BenchRelay, _ peer: BenchPeer, _ request: (Int) -> WireSearch
    ) async throws -> Figure {
        let clock = ContinuousClock()
        let cpu = relay.cpuTime
        var times: [Duration] = []
        for index in 0..<tries {
            let start = clock.now
            guard case .searchResults = try await peer.request(.search(request(index * 7))) else {
                throw BenchError.unexpectedAnswer
            }
            times.append(clock.now - start)
        }
        return MembershipBench.summary("search: \(what)", times, cpu: relay.cpuTime - cpu)
    }
}
