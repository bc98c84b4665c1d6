import FaultyFiles
import Foundation
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Storage

/// What is promised of attachments on a disk that fails at each call in turn: an error that has a type, and whoever tries
/// again when the disk is well has the file attached, whole, once.
@Suite(.enabled(if: faulty_files_is_available(), "not under ThreadSanitizer")) struct AttachmentFaultTests {
    /// One person's way from a file to a post that carries it, and another's with the same file.
    private struct Script {
        let fixture: Fixture
        let members: [Viewer]
        let bytes: [UInt8]
        private var requests: [AppendRequest] = []

        init() throws {
            fixture = try Fixture()
            let members = [try fixture.member(of: "police-al"), try fixture.member(of: "media-de")]
            self.members = members
            bytes = fixture.bytes(4_000)
            for member in members {
                // Neither sees the other's, so each brings the file.
                var post = fixture.lesson(by: member, marking: .amberStrict)
                post.attachments = [fixture.attachment(bytes)]
                requests.append(fixture.request(post))
            }
        }

        var directory: String { fixture.store.blobFiles.directory }

        /// Goes on where an earlier run ended.
        func run() throws {
            let store = fixture.store
            let digest = SHA256.digest(bytes)
            for (member, request) in zip(members, requests) {
                var place = try store.openUpload(
                    digest, size: Int64(bytes.count), by: member, at: fixture.tick(), limits: Fixture.uploads)
                while !place.isComplete, place.offset < bytes.count {
                    let piece = bytes[Int(place.offset)...].prefix(1_500)
                    let next = try piece.withUnsafeBytes {
                        try store.appendUpload(
                            $0, at: place.offset, of: digest, by: member.member, at: fixture.tick(),
                            limits: Fixture.uploads)
                    }
                    place = try #require(next)
                }
                if !place.isComplete {
                    #expect(try store.finishUpload(digest, by: member.member, at: fixture.tick()))
                }
                let outcome = try store.append([request], receivedAt: fixture.tick())[0].name
                #expect(["appended", "duplicate"].contains(outcome))
            }
        }

        func judge(_ what: String) throws {
            for restarts in [false, true] {
                if restarts { try fixture.reopen() }
                let digest = SHA256.digest(bytes)
                #expect(try fixture.store.blobPiece(digest, at: 0, count: 10_000) == bytes, "\(what)")
                try fixture.store.sweepBlobFiles()
                let files = fixture.store.blobFiles.list()
                #expect(files.whole == [digest] && files.partial.isEmpty, "\(what)")
                #expect(fixture.store.head() == 2, "\(what)")
            }
        }
    }

    private static func callCount() throws -> Int {
        let script = try Script()
        faulty_files_arm(script.directory, .max, EIO, false)
        defer { faulty_files_disarm() }
        try script.run()
        return faulty_files_disarm()
    }

    @Test(arguments: [(EIO, false), (EIO, true), (ENOSPC, false), (ENOSPC, true)])
    func `a fault at any call has a type, and the next try attaches the file`(_ error: Int32, _ persists: Bool) throws {
        let count = try Self.callCount()
        try #require(count > 15)
        for call in 1...count {
            let what = "errno \(error) at call \(call) of \(count)"
            let script = try Script()
            faulty_files_arm(script.directory, call, error, persists)
            let failure = Result { try script.run() }
            #expect(faulty_files_disarm() >= call, "\(what)")
            #expect(throws: StorageError.self, "\(what)") { try failure.get() }
            if case .failure(let found) = failure, error == ENOSPC {
                #expect(found as? StorageError == .full, "\(what)")
            }
            try script.run()
            try script.judge(what)
        }
    }

    @Test func `a file whose sync failed begins anew, since what is lost is not told again`() throws {
        var failures = 0
        for call in 1...(try Self.callCount()) {
            let script = try Script()
            faulty_files_arm(script.directory, call, EIO, false)
            let failure = Result { try script.run() }
            faulty_files_disarm()
            guard case .failure(let error) = failure, "\(error)".contains("cannot sync"),
                "\(error)".contains("/partial/")
            else { continue }
            failures += 1
            #expect(script.fixture.store.blobFiles.list().partial.isEmpty, "call \(call)")
        }
        #expect(failures > 0)
    }

    @Test func `a write that takes only a part is gone on with`() throws {
        for call in 1...(try Self.callCount()) {
            let script = try Script()
            faulty_files_arm(script.directory, call, 0, true)
            defer { faulty_files_disarm() }
            try script.run()
            try script.judge("writes cut in half from call \(call)")
        }
    }
}
