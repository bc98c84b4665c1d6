import LessonModel
import Storage
import TerminalUI
import TestSupport
import Testing

@testable import LessonsCommand

@Suite struct ActionsDueTests {
    private let police: Organisation
    private let folder: TemporaryDirectory
    private let mirror: ClientMirror

    init() throws {
        police = Organisation(
            slug: try #require(OrganisationSlug("si-police")), name: "Police of Slovenia", country: "SI", kind: .police)
        folder = try TemporaryDirectory()
        mirror = try ClientMirror(directory: folder.path, relayID: "relay-1")
    }

    private func keep(_ posts: ShownPost...) throws {
        try mirror.store(posts.map { MirroredPost(stored: $0.stored, post: $0.post, verification: .verified) })
    }

    private func due(through: String = "2026-12-31") throws -> [SequenceNumber] {
        try ActionsDue.find(for: police, in: mirror, through: through).map(\.sequence)
    }

    @Test func `an organisation acts where it is named, by short name or name, the first due on top`() throws {
        try keep(
            MadePosts.lesson(1, actionBody: "si-police", dueDate: "2026-12-24"),
            MadePosts.lesson(2, actionBody: "POLICE of slovenia", dueDate: "2026-11-01"),
            MadePosts.lesson(3, actionBody: "si-police"), MadePosts.lesson(4, actionBody: "at-police"),
            MadePosts.lesson(5), MadePosts.lesson(6, actionBody: "si-police", dueDate: "2027-06-01"))
        #expect(try due() == [2, 1, 3])
        #expect(try due(through: "2026-12-01") == [2, 3])
        #expect(try due(through: "2028-01-01") == [2, 1, 6, 3])
    }

    @Test func `what it has adopted or found not applicable is done, what it considers or failed with is not`() throws {
        let statuses: [ApplicationReport.Status] = [.adopted, .notApplicable, .considering, .triedAndFailed]
        for (index, status) in statuses.enumerated() {
            let lesson = try MadePosts.lesson(Int64(10 + index), actionBody: "si-police")
            try keep(lesson, MadePosts.report(Int64(20 + index), status, in: lesson.post.id, of: "si-police"))
        }
        #expect(try due() == [12, 13])
        let other = try MadePosts.lesson(30, actionBody: "si-police")
        try keep(other, MadePosts.report(31, .adopted, in: other.post.id, of: "al-ombudsman"))
        #expect(try due() == [12, 13, 30], "another's report is not its own")
    }
}
