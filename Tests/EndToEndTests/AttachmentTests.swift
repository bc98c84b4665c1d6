import Foundation
import Testing

extension EndToEnd {
    /// Files beside posts, from one person's disk to another's.
    @Suite(.timeLimit(.minutes(2)))
    struct AttachmentTests {
        private struct FileLine: Decodable {
            var sequence: Int64
            var name: String
            var size: Int64
            var media_type: String
        }

        /// Every regular file below a folder.
        private func files(below folder: String) throws -> [String] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
            return names.map { folder + "/" + $0 }.filter {
                (try? FileManager.default.attributesOfItem(atPath: $0))?[.type] as? FileAttributeType == .typeRegular
            }
        }

        @Test func `a lesson posted offline takes its file along, and others fetch what its author signed`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let author = try await world.member(of: "al-ombudsman")
                let reader = world.administrator
                let text = String(repeating: "Where the cameras stand. ", count: 40_000)
                let path = try author.write(text, to: "plan of site.pdf")
                #expect(try await world.relay.stop().exit == .code(0))
                let queued = try await author.run(
                    "post", "-", "--attach", path, "--json", input: .text(LessonText(title: "Cameras").markdown))
                #expect(queued.exit == .code(75), "\(queued)")
                // What was attached is what was there when the lesson was written.
                try FileManager.default.removeItem(atPath: path)
                try await world.relay.start()
                try await author.run("outbox", "send").expecting()
                #expect(try files(below: author.home + "/data").allSatisfy { !$0.contains("/attachments/") })

                let shown = try await reader.run("show", "1").expecting()
                #expect(shown.output.contains("plan of site.pdf") && shown.output.contains("977 KiB"), "\(shown)")
                let listed: [FileLine] = try await reader.run("attachments", "1", "--json").expecting().decoded()
                #expect(listed.map(\.name) == ["plan of site.pdf"] && listed.map(\.size) == [1_000_000])
                #expect(listed.map(\.media_type) == ["application/pdf"])
                let folder = reader.home + "/fetched"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try await reader.run("fetch", "1", "-o", folder).expecting()
                #expect(try String(contentsOfFile: folder + "/plan of site.pdf", encoding: .utf8) == text)
                let again = try await reader.run("fetch", "1", "-o", folder)
                #expect(again.exit != .code(0) && again.errorOutput.contains("exists already"), "\(again)")
                let other = try await reader.run("fetch", "1", "map.png")
                #expect(other.exit == .code(66) && other.errorOutput.contains("plan of site.pdf"), "\(other)")

                try await author.run("redact", "1", "-m", "Names a victim.", "--confirm", "1").expecting()
                let gone = try await reader.run("fetch", "1", "-o", author.home)
                #expect(gone.exit == .code(66), "\(gone)")
                #expect(try await world.relay.stop().exit == .code(0))
                #expect(try files(below: world.relay.data + "/attachments") == [])
                #expect(try await world.relay.examine().exit == .code(0))
            }
        }

        @Test func `what cannot be attached is said with the file's name, and the text is kept`() async throws {
            try await World.with { world in
                let author = world.administrator
                let empty = try author.write("", to: "empty.txt")
                for (path, word) in [
                    (empty, "empty"), (author.home + "/none.txt", "none.txt"), (author.home, "folder"),
                ] {
                    let end = try await author.run(
                        "post", "-", "--attach", path, input: .text(LessonText(title: "Nothing").markdown))
                    #expect(end.exit == .code(65) || end.exit == .code(66), "\(end)")
                    #expect(end.errorOutput.contains(word), "\(end)")
                }
                #expect(try await author.run("outbox", "list", "--json").expecting().output == "")
            }
        }
    }
}
