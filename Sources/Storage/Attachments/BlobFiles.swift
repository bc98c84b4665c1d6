import LessonModel
import PKI

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of attachments in a directory of their own, each in one file that is named by their SHA-256: what is attached
/// twice is stored once. Files that are still growing stand in `partial`. Nobody but the owner may read any of it.
///
/// Calls block. Two calls for the same file must not run at once; the caller sees to that.
package struct BlobFiles: Sendable {
    package static let maxPieceBytes = 256 << 10
    private static let copyBytes = 1 << 20

    package let directory: String

    /// Makes the directory where it is missing.
    package init(directory: String) throws(StorageError) {
        self.directory = directory
        for path in [directory, directory + "/partial"] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw .ofFile("make", path)
        }
    }

    /// Where the whole file is, or would be.
    package func path(_ digest: [UInt8]) -> String {
        let name = Hex.text(of: digest)
        return directory + "/" + name.prefix(2) + "/" + name
    }

    private func partialPath(_ digest: [UInt8], _ owner: String) -> String {
        directory + "/partial/" + owner + "-" + Hex.text(of: digest)
    }

    package func has(_ digest: [UInt8]) -> Bool { BlobFiles.size(of: path(digest)) != nil }

    /// Of the whole file; nil when it is not here.
    package func size(_ digest: [UInt8]) -> Int64? { BlobFiles.size(of: path(digest)) }

    // MARK: Growing

    /// How much of a growing file is here.
    func partialSize(_ digest: [UInt8], of owner: String) -> Int64 {
        BlobFiles.size(of: partialPath(digest, owner)) ?? 0
    }

    /// Adds to the end of a growing file.
    /// - Returns: its size then.
    /// - Throws: `.full`, and the file is as it was or longer by a part of `bytes`.
    func append(_ bytes: UnsafeRawBufferPointer, to digest: [UInt8], of owner: String) throws(StorageError) -> Int64 {
        let path = partialPath(digest, owner)
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .ofFile("open", path) }
        defer { close(file) }
        try BlobFiles.write(bytes, to: file, path)
        return BlobFiles.size(of: path) ?? 0
    }

    /// Checks that a growing file has become the one that its digest names, and makes it a whole one, on the disk.
    /// - Returns: false when it has other bytes; it is gone then.
    func finish(_ digest: [UInt8], of owner: String) throws(StorageError) -> Bool {
        let path = partialPath(digest, owner)
        guard try BlobFiles.digest(of: path) == digest else {
            unlink(path)
            return false
        }
        try keep(path, as: digest)
        return true
    }

    func removePartial(_ digest: [UInt8], of owner: String) { unlink(partialPath(digest, owner)) }

    // MARK: Whole files

    /// Copies a file of a person's into the directory.
    /// - Parameter maxBytes: more are refused, before anything is copied where the file's size says so.
    /// - Returns: what its bytes are.
    /// - Throws: `.notFound` when it cannot be read, `.limit` when it is empty or too long.
    package func take(_ path: String, maxBytes: Int64) throws(StorageError) -> (digest: [UInt8], size: Int64) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw .notFound("file \(path) that can be read: \(String(cString: strerror(errno)))") }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .notFound("file at \(path): attach a file, not a folder or a device")
        }
        let copy = directory + "/partial/copy-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let target = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw .ofFile("make", copy) }
        defer { close(target) }
        do throws(StorageError) {
            var hash = SHA256Stream()
            var size: Int64 = 0
            guard status.st_size <= maxBytes else { throw BlobFiles.tooLong(path, maxBytes) }
            try BlobFiles.eachPiece(of: source, path) { (piece) throws(StorageError) in
                size += Int64(piece.count)
                guard size <= maxBytes else { throw BlobFiles.tooLong(path, maxBytes) }
                hash.update(piece)
                try BlobFiles.write(piece, to: target, copy)
            }
            guard size > 0 else { throw .limit("the file \(path) is empty; there is nothing to attach") }
            let digest = hash.finish()
            try keep(copy, as: digest)
            return (digest, size)
        } catch {
            unlink(copy)
            throw error
        }
    }

    /// - Returns: at most `count` bytes, fewer at the end; nil when the file is not here.
    package func read(_ digest: [UInt8], at offset: Int64, count: Int) throws(StorageError) -> [UInt8]? {
        let path = path(digest)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .ofFile("open", path)
        }
        defer { close(file) }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let read = pread(
                    file, buffer.baseAddress! + initialized, count - initialized, off_t(offset) + off_t(initialized))
                if read < 0, errno == EINTR { continue }
                failed = read < 0
                guard read > 0 else { break }
                initialized += read
            }
        }
        guard !failed else { throw .ofFile("read", path) }
        return bytes
    }

    package func remove(_ digest: [UInt8]) { unlink(path(digest)) }

    /// True when the whole file is here and has the bytes that its name says.
    func isSound(_ digest: [UInt8]) -> Bool { (try? BlobFiles.digest(of: path(digest))) == digest }

    /// Digests of all whole files, and the names `owner-digest` of all growing ones.
    func list() -> (whole: [[UInt8]], partial: [String]) {
        var whole: [[UInt8]] = []
        for folder in BlobFiles.names(in: directory) where folder.utf8.count == 2 {
            whole += BlobFiles.names(in: directory + "/" + folder).compactMap { Hex.bytes(of: $0) }
        }
        return (whole, BlobFiles.names(in: directory + "/partial"))
    }

    /// No whole file is here.
    package var isEmpty: Bool { list().whole.isEmpty }

    /// Deletes all whole files but these.
    package func keep(only needed: Set<[UInt8]>) {
        for digest in list().whole where !needed.contains(digest) { remove(digest) }
    }

    func removePartial(named name: String) { unlink(directory + "/partial/" + name) }

    /// Bytes that are free on its disk for others than root; nil when the system does not say.
    package var freeBytes: Int64? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    // MARK: Parts

    /// The file goes to its place, and it and its name are on the disk; one that is there already stays.
    private func keep(_ partial: String, as digest: [UInt8]) throws(StorageError) {
        let path = path(digest)
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        if has(digest) {
            unlink(partial)
            // Whoever put it there may not have come as far as this.
            try PrivateFile.sync(directory: folder)
        } else {
            let file = open(partial, O_RDWR | O_CLOEXEC)
            guard file >= 0 else { throw .ofFile("open", partial) }
            defer { close(file) }
            guard fsync(file) == 0 else {
                let failure = StorageError.ofFile("sync", partial)
                // What is lost now, a later sync that succeeds does not tell (fsync(2)): the file begins anew.
                unlink(partial)
                throw failure
            }
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw .ofFile("make", folder) }
            try PrivateFile.move(partial, to: path)
        }
        try PrivateFile.sync(directory: directory)
    }

    private static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    package static func digest(of path: String) throws(StorageError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .ofFile("open", path) }
        defer { close(file) }
        var hash = SHA256Stream()
        try eachPiece(of: file, path) { (piece) throws(StorageError) in hash.update(piece) }
        return hash.finish()
    }

    private static func eachPiece(
        of file: Int32, _ path: String, _ body: (UnsafeRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: copyBytes, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .ofFile("read", path) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String) throws(StorageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .ofFile("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func tooLong(_ path: String, _ maxBytes: Int64) -> StorageError {
        .limit("\(path) is longer than \(maxBytes / 1_048_576) MiB, the most that can be attached")
    }
}
