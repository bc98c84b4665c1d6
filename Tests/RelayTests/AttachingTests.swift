import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Storage
import TestSupport
import Testing
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(2))) struct AttachingTests {
    private let directory: TemporaryDirectory
    private let files: BlobFiles

    init() throws {
        directory = try TemporaryDirectory()
        files = try BlobFiles(directory: directory.path + "/files")
    }

    /// Copies bytes where a person's files are.
    private func file(_ bytes: [UInt8], named name: String = "plan.pdf") throws -> LessonModel.Attachment {
        let path = directory.path + "/" + name
        try Data(bytes).write(to: URL(filePath: path))
        let (digest, size) = try files.take(path, maxBytes: .max)
        return LessonModel.Attachment(name: name, mediaType: "application/pdf", size: size, digest: digest)
    }

    private func connect(_ relay: TestRelay, _ identity: ClientIdentity, port: Int) async throws -> RelayConnection {
        try await RelayConnection.connect(
            to: RelayAddress(host: "127.0.0.1", port: port), identity: identity, agent: "tests", group: relay.group,
            logger: TestRelay.logger)
    }

    /// The code by which something is refused; nil when it was done.
    private func refusal(_ body: () async throws(ClientError) -> Void) async throws -> WireErrorCode? {
        do throws(ClientError) {
            try await body()
            return nil
        } catch {
            guard case .request(let refused) = error else { throw error }
            return refused.code
        }
    }

    @Test func `a file arrives whole over a connection that is cut three times, each way`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let reader = try await relay.organisation("reader")
            let seed = UInt64.random(in: 0...UInt64.max)
            var random = SeededRandom(seed: seed, for: "cut file")
            let bytes = (0..<(3 << 20) + 77).map { _ in UInt8.random(in: 0...255, using: &random) }
            let attachment = try file(bytes)
            let lesson = try author.lesson("With a plan") { $0.attachments = [attachment] }
            let outbox = try Outbox(directory: directory.path)
            try outbox.add(OutboxItem(id: lesson.id, post: lesson.signed, title: "With a plan", createdAt: 1))

            let up = try await CuttingProxy.start(
                to: relay.addresses.port, cuts: 3, afterBytes: 700_000, group: relay.group)
            var attempts = 0
            var starts: [Int64] = []
            while try outbox.pendingCount() > 0, attempts < 10 {
                attempts += 1
                let connection = try await connect(relay, author, port: up.port)
                var isFirst = true
                _ = try await OutboxSender(outbox, signer: nil, attachments: files).send(over: connection, now: 5) {
                    guard case .uploading(_, let bytes, _) = $0 else { return }
                    if isFirst { starts.append(bytes) }
                    isFirst = false
                }
                await connection.close()
            }
            #expect(up.cutsLeft == 0 && attempts == 4)
            #expect(starts.first == 0 && starts.last! > 1 << 20, "each attempt goes on: \(starts)")
            #expect(starts == starts.sorted())
            #expect(files.isEmpty, "the copy is not kept once the post is with the relay")
            await up.stop()

            let down = try await CuttingProxy.start(
                to: relay.addresses.port, cuts: 3, afterBytes: 700_000, group: relay.group)
            let path = directory.path + "/fetched.pdf"
            attempts = 0
            while !FileManager.default.fileExists(atPath: path), attempts < 10 {
                attempts += 1
                let connection = try await connect(relay, reader, port: down.port)
                try? await AttachmentDownload(connection: connection).fetch(attachment, of: lesson.id, to: path)
                await connection.close()
            }
            #expect(attempts == 4 && down.cutsLeft == 0)
            #expect(FileManager.default.contents(atPath: path) == Data(bytes))
            #expect(!FileManager.default.fileExists(atPath: path + ".part"))
            await down.stop()
        }
    }

    @Test func `a file is read by those who may see its post, and its existence is told to nobody else`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let stranger = try await relay.organisation("stranger")
            let attachment = try file(Array("secret".utf8))
            let lesson = try author.lesson(
                "Strict", marking: .amberStrict, audience: Audience(organisations: [author.member.organisation])
            ) { $0.attachments = [attachment] }
            let own = try await relay.connect(author)
            #expect(try await own.refusal(of: lesson.signed)?.code == .attachmentMissing)
            try await AttachmentUpload(connection: own, files: files).send(attachment)
            #expect(try await own.refusal(of: lesson.signed) == nil)
            #expect(try await own.attachmentPiece(attachment, of: lesson.id, at: 2) == Array("cret".utf8))

            let other = try await relay.connect(stranger)
            let get: (PostID) async throws -> WireErrorCode? = { id in
                try await self.refusal { () throws(ClientError) in
                    _ = try await other.attachmentPiece(attachment, of: id, at: 0)
                }
            }
            #expect(try await get(lesson.id) == .notFound)
            // With the digest known, a post of one's own opens nothing either.
            let mine = try stranger.lesson("Mine") { $0.attachments = [attachment] }
            #expect(try await other.refusal(of: mine.signed)?.code == .attachmentMissing)
            let plain = try stranger.lesson("Plain")
            _ = try await other.publish(plain.signed)
            #expect(try await get(plain.id) == .notFound)
            var sent: [Int64] = []
            try await AttachmentUpload(connection: other, files: files).send(attachment) { sent.append($0) }
            #expect(sent.first == 0, "the bytes are asked for, though they are here")
        }
    }

    @Test func `a post that waits for a curator shows its files to its author and those who decide`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let curator = try await relay.organisation("curators", roles: [.contributor, .curator])
            let stranger = try await relay.organisation("stranger")
            let administrator = try await relay.connect(relay.admin)
            var change = WireChangeTopic()
            change.path = "policing/community"
            change.moderated = true
            try await administrator.changeTopic(change)
            let attachment = try file(Array("draft".utf8))
            let lesson = try author.lesson("Waits") { $0.attachments = [attachment] }
            let own = try await relay.connect(author)
            try await AttachmentUpload(connection: own, files: files).send(attachment)
            #expect(try await own.publish(lesson.signed).held)
            let deciding = try await relay.connect(curator)
            for connection in [own, deciding] {
                #expect(try await connection.attachmentPiece(attachment, of: lesson.id, at: 0).count == 5)
            }
            let other = try await relay.connect(stranger)
            #expect(
                try await refusal { () throws(ClientError) in
                    _ = try await other.attachmentPiece(attachment, of: lesson.id, at: 0)
                } == .notFound)
            var decision = WireDecideHeld()
            decision.number = try #require(try await deciding.held(WireListHeld()).posts.first).number
            decision.decision = .approved
            _ = try await deciding.decide(decision)
            #expect(try await other.attachmentPiece(attachment, of: lesson.id, at: 0).count == 5)
        }
    }

    @Test func `uploads need the role of a contributor, an opened upload, and the relay's measure`() async throws {
        var limits = RelayLimits()
        limits.maxAttachmentBytes = 1_000
        try await TestRelay.with(limits: limits) { relay in
            let reader = try await relay.organisation("reader", roles: [.reader])
            let author = try await relay.organisation("author")
            let digest = Data(repeating: 7, count: 32)
            func code(_ body: WireFrame.OneOf_Body, _ identity: ClientIdentity) async throws -> WireErrorCode? {
                let connection = try await relay.connect(identity)
                return try await refusal { () throws(ClientError) in _ = try await connection.request(body) }
            }
            var open = WireBlobOpen()
            open.digest = digest
            open.size = 10
            #expect(try await code(.blobOpen(open), reader) == .forbidden)
            open.size = 1_001
            #expect(try await code(.blobOpen(open), author) == .invalid)
            open.size = .max
            #expect(try await code(.blobOpen(open), author) == .invalid)
            open.size = 0
            #expect(try await code(.blobOpen(open), author) == .invalid)
            open.size = 1
            open.digest = Data(repeating: 7, count: 31)
            #expect(try await code(.blobOpen(open), author) == .invalid)
            var chunk = WireBlobChunk()
            chunk.digest = digest
            chunk.data = Data([1])
            #expect(try await code(.blobChunk(chunk), author) == .notFound)
            #expect(try await code(.blobChunk(chunk), reader) == .forbidden)
            var done = WireBlobDone()
            done.digest = digest
            #expect(try await code(.blobDone(done), author) == .notFound)
            open.digest = digest
            let connection = try await relay.connect(author)
            _ = try await connection.request(.blobOpen(open))
            _ = try await connection.request(.blobChunk(chunk))
            #expect(
                try await refusal { () throws(ClientError) in _ = try await connection.request(.blobDone(done)) }
                    == .digestMismatch)
            #expect(connection.welcome.limits.maxAttachmentBytes == 1_000)
        }
    }
}
