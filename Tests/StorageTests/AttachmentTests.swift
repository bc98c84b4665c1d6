import Foundation
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Storage

@Suite struct AttachmentTests {
    private let fixture: Fixture
    private let police: Viewer
    private let media: Viewer
    private let bytes: [UInt8]

    init() throws {
        fixture = try Fixture()
        police = try fixture.member(of: "police-al")
        media = try fixture.member(of: "media-de")
        bytes = Array("Where the cameras stand, which nobody outside may know.".utf8)
    }

    private var store: RelayStore { fixture.store }

    private func lesson(
        by viewer: Viewer, _ files: [LessonModel.Attachment], marking: Marking = .green, audience: Audience = .everybody
    ) -> Post {
        var post = fixture.lesson(by: viewer, topic: Fixture.topics[0], marking: marking, audience: audience)
        post.attachments = files
        return post
    }

    private func outcome(_ post: Post) throws -> String {
        try store.append([fixture.request(post)], receivedAt: fixture.tick())[0].name
    }

    private func open(_ digest: [UInt8], size: Int, by viewer: Viewer) throws -> UploadStanding {
        try store.openUpload(
            digest, size: Int64(size), by: viewer, at: fixture.tick(), limits: Fixture.uploads)
    }

    private func add(_ piece: [UInt8], at offset: Int64, of digest: [UInt8], by viewer: Viewer) throws
        -> UploadStanding?
    {
        try piece.withUnsafeBytes {
            try store.appendUpload(
                $0, at: offset, of: digest, by: viewer.member, at: fixture.tick(), limits: Fixture.uploads)
        }
    }

    @Test func `an upload goes on where it ended, and a piece from elsewhere changes nothing`() throws {
        let digest = SHA256.digest(bytes)
        #expect(try open(digest, size: bytes.count, by: police) == UploadStanding(offset: 0, isComplete: false))
        #expect(try add(Array(bytes[..<20]), at: 0, of: digest, by: police)?.offset == 20)
        #expect(try add(Array(bytes[..<20]), at: 0, of: digest, by: police)?.offset == 20)
        #expect(try add(Array(bytes[30...]), at: 30, of: digest, by: police)?.offset == 20)
        #expect(try open(digest, size: bytes.count, by: police).offset == 20)
        #expect(throws: StorageError.self) { try store.finishUpload(digest, by: police.member, at: 1) }
        #expect(try add(Array(bytes[20...]), at: 20, of: digest, by: police)?.offset == Int64(bytes.count))
        #expect(try store.finishUpload(digest, by: police.member, at: fixture.tick()))
        #expect(try open(digest, size: bytes.count, by: police).isComplete)
        #expect(try store.blobPiece(digest, at: 6, count: 3) == Array(bytes[6..<9]))
        #expect(try store.blobPiece(digest, at: Int64(bytes.count), count: 3) == [])
    }

    @Test func `other bytes than those of the digest are thrown away`() throws {
        let digest = SHA256.digest(bytes)
        _ = try open(digest, size: 4, by: police)
        _ = try add([1, 2, 3, 4], at: 0, of: digest, by: police)
        #expect(try !store.finishUpload(digest, by: police.member, at: fixture.tick()))
        #expect(try open(digest, size: bytes.count, by: police).offset == 0)
        #expect(try outcome(lesson(by: police, [fixture.attachment(bytes)])) == "attachmentMissing")
    }

    @Test func `nobody learns by an upload what others have brought, nor goes on with it`() throws {
        let file = try fixture.upload(bytes, by: police)
        #expect(try outcome(lesson(by: police, [file], marking: .amberStrict, audience: .everybody)) == "appended")
        #expect(try open(file.digest, size: bytes.count, by: media) == UploadStanding(offset: 0, isComplete: false))
        #expect(try add(bytes, at: 0, of: file.digest, by: police) == nil, "the upload ended with the post")
        #expect(try outcome(lesson(by: media, [file])) == "attachmentMissing")
    }

    @Test func `who may see a post with a file attaches it without sending it again`() throws {
        let file = try fixture.upload(bytes, by: police)
        let first = lesson(by: police, [file])
        #expect(try outcome(first) == "appended")
        #expect(try open(file.digest, size: bytes.count, by: media).isComplete)
        #expect(try outcome(lesson(by: media, [file])) == "appended")
        var wrongSize = file
        wrongSize.size += 1
        #expect(try outcome(lesson(by: media, [wrongSize])) == "attachmentMissing")
        #expect(try store.carries(first.id, file.digest, viewer: media))
    }

    @Test func `a file goes when the last post that carries it is erased`() throws {
        let file = try fixture.upload(bytes, by: police)
        let first = lesson(by: police, [file])
        let second = lesson(by: media, [file])
        for post in [first, second] { #expect(try outcome(post) == "appended") }
        func erase(_ post: Post, _ viewer: Viewer) throws {
            let hash = try #require(try store.posts(ids: [post.id], viewer: viewer).first)
            let redaction = fixture.post(
                .redaction(
                    Redaction(target: post.id, targetHash: SHA256.digest(hash.post.content), reason: "named somebody")),
                by: viewer, on: post)
            #expect(try outcome(redaction) == "appended")
            #expect(store.mayHaveErasedBlobs)
            try store.collectBlobs(uploadsBefore: 0)
        }
        try erase(first, police)
        #expect(store.blobFiles.has(file.digest))
        #expect(try !store.carries(first.id, file.digest, viewer: police))
        try erase(second, media)
        #expect(!store.blobFiles.has(file.digest))
        #expect(!store.mayHaveErasedBlobs)
        #expect(try store.integrityProblems() == [])
    }

    @Test func `an upload that no post carries goes after its time, and not before`() throws {
        let file = try fixture.upload(bytes, by: police)
        _ = try open(SHA256.digest([1]), size: 1, by: media)
        try store.collectBlobs(uploadsBefore: 0)
        #expect(store.blobFiles.has(file.digest))
        #expect(try store.collectBlobs(uploadsBefore: .max) == 3)
        #expect(!store.blobFiles.has(file.digest))
        #expect(try outcome(lesson(by: police, [file])) == "attachmentMissing")
    }

    @Test func `one member's uploads end at the limit`() throws {
        for number in 0..<4 { _ = try open(SHA256.digest([UInt8(number)]), size: 1, by: police) }
        #expect(throws: StorageError.self) { try open(SHA256.digest([9]), size: 1, by: police) }
        #expect(try open(SHA256.digest([0]), size: 1, by: police).offset == 0)
        #expect(throws: StorageError.self) { try open(SHA256.digest([9]), size: 5_000, by: media) }
        #expect(throws: StorageError.full) {
            try store.openUpload(
                SHA256.digest([9]), size: 1, by: media, at: 1,
                limits: UploadLimits(maxFiles: 9, maxBytes: 9, minFreeBytes: .max))
        }
    }

    @Test func `an upload does not grow over what was announced`() throws {
        let digest = SHA256.digest(bytes)
        _ = try open(digest, size: 3, by: police)
        #expect(throws: StorageError.self) { try add(bytes, at: 0, of: digest, by: police) }
        #expect(try open(digest, size: 3, by: police).offset == 0)
    }

    @Test func `files of a post that waits for a curator stay until it is decided`() throws {
        try store.changeTopic(
            Fixture.topics[0], description: nil, isArchived: nil, isModerated: true, audit: fixture.audit())
        let file = try fixture.upload(bytes, by: police)
        let post = lesson(by: police, [file])
        let request = fixture.request(post)
        for _ in 0..<2 { #expect(try store.append([request], receivedAt: fixture.tick())[0].name == "held") }
        try store.collectBlobs(uploadsBefore: .max)
        #expect(try store.heldPost(post.id, carrying: file.digest)?.author == police.member)
        #expect(try !store.carries(post.id, file.digest, viewer: police))
        let number = try #require(try store.heldPosts(limit: 1).first).number
        try store.decide(held: number, .rejected, reason: "no", audit: fixture.audit())
        try store.collectBlobs(uploadsBefore: .max)
        #expect(!store.blobFiles.has(file.digest))
    }

    @Test func `what a killed process left is swept, and what is needed stays`() throws {
        let file = try fixture.upload(bytes, by: police)
        #expect(try outcome(lesson(by: police, [file])) == "appended")
        _ = try open(SHA256.digest([7]), size: 2, by: media)
        _ = try add([7], at: 0, of: SHA256.digest([7]), by: media)
        let stray = store.blobFiles.path(SHA256.digest([8]))
        try FileManager.default.createDirectory(
            atPath: (stray as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data([8]).write(to: URL(filePath: stray))
        try Data([9]).write(to: URL(filePath: store.blobFiles.directory + "/partial/nobody-00"))
        try store.sweepBlobFiles()
        #expect(store.blobFiles.has(file.digest) && !store.blobFiles.has(SHA256.digest([8])))
        #expect(store.blobFiles.list().partial.count == 1)
        #expect(try open(SHA256.digest([7]), size: 2, by: media).offset == 1)
    }

    @Test func `doctor finds a file that is damaged or gone`() throws {
        let file = try fixture.upload(bytes, by: police)
        #expect(try outcome(lesson(by: police, [file])) == "appended")
        #expect(try store.integrityProblems() == [])
        try Data("other".utf8).write(to: URL(filePath: store.blobFiles.path(file.digest)))
        #expect(try store.integrityProblems().count == 1)
        store.blobFiles.remove(file.digest)
        #expect(try store.integrityProblems().count == 1)
    }
}
