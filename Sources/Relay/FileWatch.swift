import Foundation

/// Notices that files have changed, once the change is over: when two looks in a row see the same, and it differs from what
/// was read last. Somebody who copies several files one after the other is so not read half-way.
struct FileWatch: Sendable {
    /// A file as a look from outside tells it; its content is not read.
    struct Mark: Sendable, Equatable {
        var name: String
        /// Nanoseconds since 1970.
        var modified: Int64
        var bytes: Int64
        var node: UInt64
    }

    private var read: [Mark]
    private var seen: [Mark]?

    init(read: [Mark]) {
        self.read = read
    }

    /// - Returns: whether what was seen now should be read.
    mutating func isDue(_ marks: [Mark]) -> Bool {
        defer { seen = marks }
        return marks != read && marks == seen
    }

    /// What is read now, whether it proves good or not: bad files are not read again until they change.
    mutating func noteRead(_ marks: [Mark]) {
        read = marks
    }

    /// Those of the files at `paths` that are there, and those in `folder` that hold a certificate, a key or the state.
    static func look(at paths: [String], folder: String) -> [Mark] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let inFolder = names.filter { name in [".pem", ".key", ".json"].contains(where: name.hasSuffix) }
        return (paths + inFolder.sorted().map { folder + "/" + $0 }).compactMap { path in
            // FileManager would look up the owner's name each time, once a second for each file.
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            return Mark(
                name: path,
                modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
                bytes: Int64(status.st_size), node: UInt64(status.st_ino))
        }
    }
}
