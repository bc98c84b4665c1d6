import Foundation
import PKI
import Testing

struct SecretFileTests {
    @Test func `a secret file is written whole, for its owner only`() throws {
        try TemporaryFolder.with { folder in
            let path = folder.file("key.pem")
            try SecretFile.write("first", to: path)
            #expect(try folder.mode("key.pem") == 0o600)
            try SecretFile.write([UInt8](repeating: 7, count: 100_000), to: path)
            #expect(try SecretFile.read(path) == [UInt8](repeating: 7, count: 100_000))
            #expect(try folder.mode("key.pem") == 0o600)
            #expect(folder.entries == ["key.pem"], "no temporary file stays")
        }
    }

    @Test func `an existing file is not overwritten when that is asked for`() throws {
        try TemporaryFolder.with { folder in
            let path = folder.file("key.pem")
            try SecretFile.write("first", to: path, replacing: false)
            #expect(throws: SecretFileError.alreadyExists(path: path)) {
                try SecretFile.write("second", to: path, replacing: false)
            }
            #expect(try SecretFile.readText(path) == "first")
            #expect(folder.entries == ["key.pem"])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o601, 0o620])
    func `a file that others have a right to is not read`(mode: Int) throws {
        try TemporaryFolder.with { folder in
            let path = folder.file("key.pem")
            try SecretFile.write("secret", to: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(throws: SecretFileError.tooOpen(path: path, mode: UInt32(mode))) { try SecretFile.read(path) }
            let error = SecretFileError.tooOpen(path: path, mode: UInt32(mode))
            #expect(error.description.contains("chmod 600"))
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
            #expect(try SecretFile.readText(path) == "secret")
        }
    }

    @Test func `what is missing, a folder, or far too large is told as such`() throws {
        try TemporaryFolder.with { folder in
            let missing = folder.file("none")
            #expect(throws: SecretFileError.notFound(path: missing)) { try SecretFile.read(missing) }
            #expect(throws: SecretFileError.notARegularFile(path: folder.path)) { try SecretFile.read(folder.path) }
            let large = folder.file("large")
            try SecretFile.write([UInt8](repeating: 0, count: SecretFile.maxBytes + 1), to: large)
            #expect(throws: SecretFileError.tooLarge(path: large, maxBytes: SecretFile.maxBytes)) {
                try SecretFile.read(large)
            }
        }
    }

    @Test func `a failed write leaves nothing behind`() throws {
        try TemporaryFolder.with { folder in
            let path = folder.file("sub")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            // A file cannot take a folder's place.
            #expect(throws: SecretFileError.self) { try SecretFile.write("x", to: path) }
            #expect(throws: SecretFileError.self) { try SecretFile.write("x", to: folder.file("none/key.pem")) }
            #expect(folder.entries == ["sub"])
        }
    }
}
