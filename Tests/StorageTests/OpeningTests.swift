import Foundation
import LessonModel
import TestSupport
import Testing

@testable import Storage

struct OpeningTests {
    @Test func `every commit of the writer is synced to the disk, and erased text is overwritten`() throws {
        let fixture = try Fixture()
        let settings = try fixture.store.write { db in
            try ["synchronous", "secure_delete", "foreign_keys", "journal_mode"].map { name in
                try db.first("PRAGMA \(name)") { $0.text(0) }
            }
        }
        #expect(settings == ["2", "1", "1", "wal"])
    }

    @Test func `readers cannot write and never checkpoint`() throws {
        let fixture = try Fixture()
        let settings = try fixture.store.read { db in
            try ["query_only", "wal_autocheckpoint"].map { name in try db.first("PRAGMA \(name)") { $0.text(0) } }
        }
        #expect(settings == ["1", "0"])
        #expect(throws: StorageError.self) {
            try fixture.store.read { db in try db.run("INSERT INTO settings (key, value) VALUES ('a', 'b')") }
        }
    }

    @Test func `a second store for one directory is refused until the first is closed`() throws {
        let directory = try TemporaryDirectory()
        let first = try RelayStore(directory: directory.path)
        #expect(throws: StorageError.locked(directory: directory.path)) {
            try RelayStore(directory: directory.path)
        }
        try first.close()
        let second = try RelayStore(directory: directory.path)
        #expect(second.head() == 0)
    }

    @Test func `a database of a newer version is refused and left alone`() throws {
        let directory = try TemporaryDirectory()
        let store = try RelayStore(directory: directory.path)
        try store.edit("INSERT INTO grdb_migrations (identifier) VALUES ('v9')")
        try store.close()
        #expect(throws: StorageError.newerSchema(file: directory.file("relay.sqlite"))) {
            try RelayStore(directory: directory.path)
        }
    }

    @Test func `a file that is no database is refused with an error`() throws {
        let directory = try TemporaryDirectory()
        try Data(repeating: 65, count: 10_000).write(to: directory.url.appending(path: "relay.sqlite"))
        #expect(throws: StorageError.self) { try RelayStore(directory: directory.path) }
        #expect(throws: StorageError.self) { try RelayStore(directory: directory.file("missing")) }
    }

    @Test func `only the owner may read the files`() throws {
        let fixture = try Fixture()
        _ = try ClientMirror(directory: fixture.directory.path, relayID: "relay")
        _ = try Outbox(directory: fixture.directory.path)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        #expect(names.contains("relay.sqlite-wal"))
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.directory.file(name))
            let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
            #expect(attributes[.posixPermissions] as? Int == (isFolder ? 0o700 : 0o600), "\(name)")
        }
    }

    @Test func `every error says what to do in a sentence`() {
        let errors: [StorageError] = [
            .locked(directory: "/d"), .newerSchema(file: "f"), .foreignRelay(expected: "a", found: "b"), .full,
            .failed(sqliteCode: 10, message: "disk I/O error"), .damaged("x"), .notFound("x"), .alreadyExists("x"),
            .limit("at most 3"), .issuing("x"), .invitation(.unknown), .invitation(.used), .invitation(.expired),
            .invitation(.revoked), .invitation(.suspended),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { !$0.description.isEmpty })
    }
}
