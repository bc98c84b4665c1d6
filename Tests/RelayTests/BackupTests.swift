import Foundation
import LessonModel
import RelayClient
import RelayTestSupport
import Storage
import TestSupport
import Testing
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct BackupTests {
    /// Posts a lesson with a file, as its only post.
    private func postWithFile(
        _ author: ClientIdentity, _ connection: RelayConnection, _ directory: String
    ) async throws -> LessonModel.Attachment {
        let files = try BlobFiles(directory: directory + "/files")
        let path = directory + "/plan.pdf"
        try Data("a plan".utf8).write(to: URL(filePath: path))
        let (digest, size) = try files.take(path, maxBytes: .max)
        let plan = LessonModel.Attachment(name: "plan.pdf", mediaType: "application/pdf", size: size, digest: digest)
        try await AttachmentUpload(connection: connection, files: files).send(plan)
        _ = try await connection.publish(try author.lesson("Before") { $0.attachments = [plan] }.signed)
        return plan
    }

    @Test func `a backup of a running relay, restored elsewhere, has all that was acknowledged, and goes on`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let backup = RelayHome(path: directory.path + "/backup")
        let restored = RelayHome(path: directory.path + "/restored")
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            let plan = try await postWithFile(author, connection, directory.path)

            let report = try RelayArchive.backup(relay.home, to: backup.path)
            #expect(report.head == 1 && report.attachments == 1 && report.bytes == plan.size)
            #expect(throws: StorageError.self) { try RelayArchive.backup(relay.home, to: backup.path) }
            let mode = try FileManager.default.attributesOfItem(atPath: backup.path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
            #expect(try RelayDoctor.problems(in: backup) == [])
            _ = try await connection.publish(try author.lesson("After").signed)

            let (next, problems) = try RelayArchive.restore(backup.path, to: restored, now: relay.clock.now)
            #expect(problems == [] && next == RelayBackup.restoredGap + 2)
            await relay.stop()
            let server = try RelayServer(
                home: restored, configuration: try restored.readConfiguration(), eventLoops: 1, clock: relay.clock.read,
                logger: TestRelay.logger)
            let addresses = try await server.start()
            let again = try await RelayConnection.connect(
                to: RelayAddress(host: "127.0.0.1", port: addresses.port), identity: author, agent: "tests",
                group: relay.group, logger: TestRelay.logger)
            // The number of the post that was lost is not given again.
            #expect(try await again.publish(try author.lesson("Later").signed).sequence == next)
            let page = try await again.threads()
            #expect(page.threads.map(\.title) == ["Later", "Before"])
            await again.close()
            await server.drain()
        }
    }

    @Test func `an attachment that is damaged is told, and leaves no half of a backup`() async throws {
        let directory = try TemporaryDirectory()
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            let plan = try await postWithFile(author, connection, directory.path)
            let stored = try BlobFiles(directory: relay.home.path + "/attachments").path(plan.digest)
            try Data("another".utf8).write(to: URL(filePath: stored))
            #expect(throws: (any Error).self) { try RelayArchive.backup(relay.home, to: directory.path + "/backup") }
            let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(!left.contains { $0.hasPrefix("backup") })
        }
    }
}
