import ArgumentParser
import Foundation

/// Passphrases come from files or from stdin, never from arguments, which others on the machine can read.
enum Passphrase {
    /// The first line of the file at `path`; `-` for stdin.
    static func read(_ path: String) throws -> [UInt8] {
        guard let text = path == "-" ? readLine() : try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first, !line.isEmpty
        else {
            throw fail(
                "no passphrase in \(path); write it as the first line of a file only you can read", Exit.unreadable)
        }
        return Array(line.utf8)
    }
}
