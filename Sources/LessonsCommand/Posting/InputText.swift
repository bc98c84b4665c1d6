import Foundation

/// Text that a person or a program hands in, bounded before it is held in memory.
enum InputText {
    /// The file at `path`, or stdin for `-`.
    /// - Parameter maxBytes: more than that is refused.
    static func bytes(_ path: String, maxBytes: Int) throws(CommandFailure) -> [UInt8] {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            handle = try open(path)
        }
        let name = path == "-" ? "standard input" : path
        var bytes: [UInt8] = []
        do {
            while bytes.count <= maxBytes, let chunk = try handle.read(upToCount: 65_536), !chunk.isEmpty {
                bytes += chunk
            }
        } catch {
            throw CommandFailure(.missingInput, "NO_INPUT", "\(name) cannot be read: \(error.localizedDescription)")
        }
        guard bytes.count <= maxBytes else {
            throw CommandFailure(.badData, "TOO_LARGE", "\(name) is larger than \(maxBytes / 1_024) KiB")
        }
        return bytes
    }

    /// - Throws: with what is in the way.
    static func open(_ path: String) throws(CommandFailure) -> FileHandle {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.missingInput, "NO_INPUT", "there is no file \(path)")
        }
        guard !isFolder.boolValue else { throw CommandFailure(.missingInput, "NO_INPUT", "\(path) is a folder") }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(.missingInput, "NO_INPUT", "you may not read \(path)")
        }
        return handle
    }

    /// As `bytes`, as text.
    static func read(_ path: String, maxBytes: Int) throws(CommandFailure) -> String {
        guard let text = String(validating: try bytes(path, maxBytes: maxBytes), as: UTF8.self) else {
            throw CommandFailure(
                .badData, "INVALID_UTF8", "\(path) is not UTF-8 text", hint: "convert it with: iconv -t UTF-8")
        }
        return text
    }
}
