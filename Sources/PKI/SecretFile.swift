#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Why a secret file was not read or written. After a failed write the path holds what it held before.
package enum SecretFileError: Error, Equatable {
    case notFound(path: String)
    case alreadyExists(path: String)
    /// Group or others may read or write it; `mode` is its permission bits.
    case tooOpen(path: String, mode: UInt32)
    case notARegularFile(path: String)
    case tooLarge(path: String, maxBytes: Int)
    case failed(operation: String, path: String, errno: Int32)
}

extension SecretFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let path): "\(path) does not exist"
        case .alreadyExists(let path): "\(path) exists already and is not overwritten"
        case .tooOpen(let path, let mode):
            "\(path) may be read by others (mode 0\(String(mode, radix: 8))): run chmod 600 on it, "
                + "and replace its key if somebody may have read it"
        case .notARegularFile(let path): "\(path) is not a regular file"
        case .tooLarge(let path, let maxBytes): "\(path) is larger than \(maxBytes) octets: this is no key file"
        case .failed(let operation, let path, let errno):
            "cannot \(operation) \(path): \(unsafe String(cString: strerror(errno)))"
        }
    }
}

/// Files that hold private keys: mode 0600 from their first moment, whole or not there at all, on disk when `write` returns.
package enum SecretFile {
    package static let maxBytes = 1 << 20

    /// Writes `bytes` to a new file beside `path`, syncs it, moves it to `path` and syncs the folder.
    /// - Parameter replacing: when false an existing file stays as it is and `.alreadyExists` is thrown.
    package static func write(_ bytes: [UInt8], to path: String, replacing: Bool = true) throws(SecretFileError) {
        let suffix = hexadecimal(SecureRandom.bytes(8))
        let temporary = "\(path).\(suffix).tmp"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(temporary, flags, mode_t(0o600))
        guard descriptor >= 0 else { throw .failed(operation: "create", path: temporary, errno: errno) }
        do throws(SecretFileError) {
            do throws(SecretFileError) {
                try fill(descriptor, bytes, path: temporary)
            } catch {
                close(descriptor)
                throw error
            }
            guard close(descriptor) == 0 else { throw .failed(operation: "write", path: temporary, errno: errno) }
            if replacing {
                guard unsafe rename(temporary, path) == 0 else {
                    throw .failed(operation: "replace", path: path, errno: errno)
                }
            } else {
                // A link, unlike a rename, never replaces what another process made in the meantime.
                guard unsafe link(temporary, path) == 0 else {
                    throw errno == EEXIST
                        ? .alreadyExists(path: path) : .failed(operation: "create", path: path, errno: errno)
                }
                unsafe unlink(temporary)
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// As above, for text.
    package static func write(_ text: String, to path: String, replacing: Bool = true) throws(SecretFileError) {
        try write(Array(text.utf8), to: path, replacing: replacing)
    }

    /// The octets of the file at `path`.
    /// - Throws: `.tooOpen` when group or others have any right to it: then nothing of it is read.
    package static func read(_ path: String) throws(SecretFileError) -> [UInt8] {
        // Not blocking, so that a pipe put in its place cannot hold the process.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .notFound(path: path) : .failed(operation: "open", path: path, errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .failed(operation: "examine", path: path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .tooOpen(path: path, mode: UInt32(status.st_mode & 0o7777)) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Self.readSome(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .failed(operation: "read", path: path, errno: errno)
            }
            bytes += chunk.prefix(count)
            guard bytes.count <= maxBytes else { throw .tooLarge(path: path, maxBytes: maxBytes) }
        }
    }

    /// As above, as text; octets that are not UTF-8 become replacement characters, which no PEM block survives.
    package static func readText(_ path: String) throws(SecretFileError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    private static func fill(_ descriptor: Int32, _ bytes: [UInt8], path: String) throws(SecretFileError) {
        // The mode is set again because a restrictive or odd umask may have taken bits away.
        guard fchmod(descriptor, 0o600) == 0 else { throw .failed(operation: "protect", path: path, errno: errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe writeSome(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw .failed(operation: "write", path: path, errno: errno)
            }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw .failed(operation: "sync", path: path, errno: errno) }
    }

    private static func syncFolder(of path: String) throws(SecretFileError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
        let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw .failed(operation: "open", path: folder, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .failed(operation: "sync", path: folder, errno: errno) }
    }

    // Inside this type `read` and `write` are its own verbs, so the system's go by other names.
    private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
        #if canImport(Darwin)
            unsafe Darwin.read(descriptor, buffer, count)
        #elseif canImport(Musl)
            unsafe Musl.read(descriptor, buffer, count)
        #else
            unsafe Glibc.read(descriptor, buffer, count)
        #endif
    }

    private static func writeSome(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Darwin)
            unsafe Darwin.write(descriptor, buffer, count)
        #elseif canImport(Musl)
            unsafe Musl.write(descriptor, buffer, count)
        #else
            unsafe Glibc.write(descriptor, buffer, count)
        #endif
    }
}
