import Foundation

/// Whole files, past the VFS.
enum PlainFile {
    static func bytes(_ path: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return Array(data)
    }

    static func replace(_ path: String, with bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }
}
