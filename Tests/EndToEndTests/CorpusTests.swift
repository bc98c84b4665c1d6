import Foundation
import LessonModel
import Testing

extension EndToEnd {
    /// The relay's main job at its real size.
    @Suite(.timeLimit(.minutes(4)))
    struct CorpusTests {
        /// Lines of `lessons import --json`.
        private struct ImportLine: Decodable {
            var imported: Int
            var skipped: Int
            var refused: Int
            var broken: Int
            var waiting: Int
        }

        /// As many records as `lessons import` sends at once.
        private static let importBatch = 256

        private struct Importer: Sendable {
            let device: Device
            let centre: String
            let count: Int
        }

        @Test func `each record reaches a watcher once and in order, over the relay's kill and its own leave`()
            async throws
        {
            try await World.with { world in
                let corpus = try Corpus(madeUpIn: world.directory)
                let total = corpus.lessons.count
                try await world.addOrganisation("watchers")
                let watcher = try await world.member(of: "watchers")
                try await watcher.run("subscribe", "#", "--from", "beginning").expecting()
                var importers: [Importer] = []
                for centre in corpus.centres {
                    let slug = Corpus.slug(of: centre.name)
                    try await world.addOrganisation(slug, name: "NASA \(centre.name)")
                    importers.append(
                        Importer(device: try await world.member(of: slug), centre: centre.name, count: centre.count))
                }
                // The small centres first, the large ones together, so that many posts are on their way at once.
                importers.sort { $0.count < $1.count }
                let first = importers.prefix((importers.count + 1) / 2)
                let second = importers.dropFirst(first.count)

                // The watcher leaves while posts come, and returns.
                var watch = try watcher.start(["watch", "--json"])
                async let firstImports = importAll(Array(first), corpus.file, world)
                try await watch.wait(for: "the first lessons", within: .seconds(60)) { $0.output.whole.count >= 20 }
                watch.terminate()
                let left = try await watch.finish()
                #expect(left.exit == .code(143), "\(left.errorOutput)")
                var received = left.lines
                watch = try watcher.start(["watch", "--json"])
                #expect(try await firstImports == 0, "nothing was in the way")

                // The relay is killed while posts come, and returns. One import has sent a part of its records and waits
                // for more; the others are in full swing.
                let waiting = try #require(second.last)
                try #require(waiting.count > CorpusTests.importBatch)
                var posted = first.map(\.count).reduce(0, +) - received.count
                let (records, rest) = corpus.records(of: waiting.centre, parted: waiting.count - 1)
                let halfImport = try waiting.device.start(importArguments("-", waiting.centre), input: .open)
                try halfImport.write(records)
                try await watch.wait(for: "lessons of \(waiting.centre)", within: .seconds(60)) { [posted] in
                    $0.output.whole.count > posted
                }
                posted += CorpusTests.importBatch
                async let secondImports = importAll(Array(second.dropLast()), corpus.file, world)
                try await watch.wait(for: "lessons of the other large centres", within: .seconds(60)) { [posted] in
                    $0.output.whole.count > posted
                }
                try await world.relay.kill()
                try await world.relay.start()
                try halfImport.write(rest)
                halfImport.endInput()
                #expect(try await halfImport.finish().code == 75)
                _ = try await secondImports
                #expect(try await importAll(waiting, corpus.file, world) == 0)

                let missing = total - received.count
                try await watch.wait(for: "all lessons", within: .seconds(60)) { $0.output.whole.count >= missing }
                // A last post shows that nothing else is on its way.
                let last = try await world.administrator.post(LessonText(title: "The last", topic: "policing"))
                try await watch.wait(for: "the last post") { $0.output.whole.count > missing }
                watch.terminate()
                received += try await watch.finish().expecting(143).lines
                #expect(try JSONLine.decode(received.removeLast(), as: PostLine.self).id == last.id)

                let posts: [PostLine] = try received.map { try JSONLine.decode($0) }
                #expect(posts.count == total)
                #expect(Set(posts.map(\.id)).count == posts.count, "each exactly once")
                let isInOrder = zip(posts, posts.dropFirst()).allSatisfy { $0.sequence < $1.sequence }
                #expect(isInOrder, "in the order of the log")
                #expect(posts.allSatisfy { $0.verified })
                #expect(posts.allSatisfy { $0.topic == "policing/training" && $0.marking == "CLEAR" })
                let isComplete = counts(posts.map(Text.init)) == counts(corpus.lessons.map(Text.init))
                #expect(isComplete, "each with its own text")
                let byCentre = counts(posts.map(\.organisation))
                for importer in importers { #expect(byCentre[Corpus.slug(of: importer.centre)] == importer.count) }

                // Importing once more posts nothing, and the relay lists what was received.
                let again: [ImportLine] = try await importers[0].device.start(
                    importArguments(corpus.file, importers[0].centre)
                ).finish(within: .seconds(60)).expecting().decoded()
                #expect(again.first?.imported == 0)
                #expect(again.first?.skipped == importers[0].count)
                let topics: [TopicLine] = try await watcher.run("topics", "--json").expecting().decoded()
                #expect(topics.first { $0.topic == "policing/training" }?.posts == total)
                let threads: [ThreadLine] = try await watcher.run(
                    "threads", "policing/training", "--json", "--limit", "100000"
                ).expecting().decoded()
                let isListed = Set(threads.map(\.thread)) == Set(posts.map(\.id))
                #expect(isListed, "the listing has what was received")

                #expect(try await world.relay.stop().exit == .code(0))
                let examined = try await world.relay.examine()
                #expect(examined.exit == .code(0), "\(examined)")
            }
        }

        /// Imports all records of these centres, all centres at once.
        /// - Returns: how often an import was interrupted and had to be run again.
        private func importAll(_ importers: [Importer], _ file: String, _ world: World) async throws -> Int {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for importer in importers {
                    group.addTask { try await importAll(importer, file, world) }
                }
                return try await group.reduce(0, +)
            }
        }

        private func importAll(_ importer: Importer, _ file: String, _ world: World) async throws -> Int {
            for interruptions in 0..<10 {
                let end = try await importer.device.start(importArguments(file, importer.centre))
                    .finish(within: .seconds(90))
                switch end.code {
                case 0: return interruptions
                case 69, 75: try await world.relay.untilServing()
                default: throw EndToEndFailure("the import of \(importer.centre) failed: \(end)")
                }
            }
            throw EndToEndFailure("the import of \(importer.centre) does not come to its end")
        }

        private func importArguments(_ file: String, _ centre: String) -> [String] {
            [
                "import", file, "--mapping", "llis", "--topic", "policing/training", "--marking", "CLEAR", "--only",
                "organization=\(centre)", "--json",
            ]
        }

        private struct Text: Hashable {
            let parts: [String]

            init(_ post: PostLine) {
                parts = [post.title, post.observation, post.discussion, post.conclusion, post.recommendation].map {
                    $0 ?? ""
                }
            }

            init(_ lesson: Lesson) {
                parts = [lesson.title, lesson.observation, lesson.discussion, lesson.conclusion, lesson.recommendation]
            }
        }

        private func counts<Value: Hashable>(_ values: [Value]) -> [Value: Int] {
            values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }
}
