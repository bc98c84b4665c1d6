import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps a second process away from a data directory for as long as this value lives. The kernel lets go of the lock
/// when the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// - Throws: `.locked` when another process, or another store of this one, holds `directory`.
    init(directory: String, file: String) throws(StorageError) {
        let path = directory + "/" + file
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .failed(sqliteCode: 14, message: "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            if reason == EWOULDBLOCK { throw .locked(directory: directory) }
            throw .failed(sqliteCode: 14, message: "cannot lock \(path): \(String(cString: strerror(reason)))")
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Lets go of the lock; a second call does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    deinit { release() }
}

/// Files that nobody but their owner may read.
enum PrivateFile {
    /// Makes `path` with mode 0600 when it is missing, so that SQLite gives its companion files the same mode.
    static func create(_ path: String) throws(StorageError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .ofFile("open", path) }
        close(descriptor)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func remove(_ path: String) { unlink(path) }

    /// Gives `source` the name `target` and writes the name to the disk.
    /// - Throws: `.full` or `.failed`; `source` may have the new name then.
    static func move(_ source: String, to target: String) throws(StorageError) {
        guard rename(source, target) == 0 else { throw .ofFile("name", target) }
        let directory = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
        try sync(directory: directory.isEmpty ? "/" : directory)
    }

    /// Writes the names in a directory to the disk.
    static func sync(directory: String) throws(StorageError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .ofFile("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .ofFile("sync", directory) }
    }
}

extension StorageError {
    /// What `errno` says of a system call on a file.
    static func ofFile(_ what: String, _ path: String) -> StorageError {
        let reason = errno
        if reason == ENOSPC || reason == EDQUOT { return .full }
        return .failed(sqliteCode: 14, message: "cannot \(what) \(path): \(String(cString: strerror(reason)))")
    }
}
