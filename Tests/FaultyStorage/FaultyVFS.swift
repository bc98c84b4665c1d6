import GRDBSQLite
import NIOConcurrencyHelpers

/// The process's default VFS once a `FaultyStorage` was made: files outside of its directories are not touched.
enum FaultyVFS {
    private static let storages = NIOLockedValueBox<[ObjectIdentifier: FaultyStorage]>([:])
    /// So long that the real file, which follows, is aligned.
    private static let headBytes = 64

    /// The part of an open file that is ours; the real VFS's part follows `headBytes` after its start.
    private struct Head {
        var base: sqlite3_file
        var file: Unmanaged<OpenFile>?
    }

    /// A file of a faulty directory, as long as it is open.
    private final class OpenFile {
        let path: String
        let storage: FaultyStorage

        init(path: String, storage: FaultyStorage) {
            self.path = path
            self.storage = storage
        }
    }

    static func register(_ storage: FaultyStorage) {
        storages.withLockedValue { $0[ObjectIdentifier(storage)] = storage }
        _ = installed
    }

    static func unregister(_ storage: FaultyStorage) {
        storages.withLockedValue { $0[ObjectIdentifier(storage)] = nil }
    }

    private static func storage(of path: String) -> FaultyStorage? {
        storages.withLockedValue { storages in
            storages.values.first { path.hasPrefix($0.directory + "/") && !path.hasSuffix("-shm") }
        }
    }

    nonisolated(unsafe) private static let real: UnsafeMutablePointer<sqlite3_vfs> = {
        guard let vfs = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has no default VFS") }
        return vfs
    }()

    private static let installed: Bool = {
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        vfs.initialize(to: real.pointee)
        let name = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 16)
        _ = name.initialize(from: "lessons-faulty".utf8CString)
        vfs.pointee.zName = UnsafePointer(name.baseAddress)
        vfs.pointee.pNext = nil
        vfs.pointee.szOsFile = CInt(headBytes) + real.pointee.szOsFile
        vfs.pointee.xOpen = { _, name, file, flags, outFlags in
            guard let file else { return SQLITE_ERROR }
            return FaultyVFS.open(name, file, flags, outFlags)
        }
        vfs.pointee.xDelete = { _, name, syncsDirectory in
            let path = name.map { String(cString: $0) } ?? ""
            let storage = FaultyVFS.storage(of: path)
            if let failure = storage?.failure(of: .delete) { return failure }
            storage?.deleted(path)
            return FaultyVFS.real.pointee.xDelete(FaultyVFS.real, name, syncsDirectory)
        }
        let result = sqlite3_vfs_register(vfs, 1)
        precondition(result == SQLITE_OK, "the VFS cannot be registered: \(result)")
        return true
    }()

    private static func open(
        _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: CInt,
        _ outFlags: UnsafeMutablePointer<CInt>?
    ) -> CInt {
        let head = UnsafeMutableRawPointer(file).assumingMemoryBound(to: Head.self)
        head.initialize(to: Head(base: sqlite3_file(pMethods: nil), file: nil))
        let path = name.map { String(cString: $0) } ?? ""
        let storage = storage(of: path)
        if let failure = storage?.failure(of: .open) { return failure }
        let result = real.pointee.xOpen(real, name, realFile(file), flags, outFlags)
        guard result == SQLITE_OK else { return result }
        if let storage {
            storage.opened(path)
            head.pointee.file = Unmanaged.passRetained(OpenFile(path: path, storage: storage))
        }
        head.pointee.base.pMethods = UnsafePointer(methods)
        return result
    }

    private static func realFile(_ file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<sqlite3_file> {
        (UnsafeMutableRawPointer(file) + headBytes).assumingMemoryBound(to: sqlite3_file.self)
    }

    private static func openFile(_ file: UnsafeMutablePointer<sqlite3_file>) -> OpenFile? {
        UnsafeMutableRawPointer(file).assumingMemoryBound(to: Head.self).pointee.file?.takeUnretainedValue()
    }

    /// Calls `body` with the real file and its methods, unless the fault strikes `call`.
    private static func pass(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ call: FaultyStorage.Call? = nil,
        _ body: (UnsafeMutablePointer<sqlite3_file>, sqlite3_io_methods, OpenFile?) -> CInt
    ) -> CInt {
        guard let file, let methods = realFile(file).pointee.pMethods else { return SQLITE_MISUSE }
        let open = openFile(file)
        if let call, let failure = open?.storage.failure(of: call) { return failure }
        return body(realFile(file), methods.pointee, open)
    }

    /// Version 2: without memory mapping, so that every read is seen.
    nonisolated(unsafe) private static let methods: UnsafeMutablePointer<sqlite3_io_methods> = {
        var table = sqlite3_io_methods()
        table.iVersion = 2
        table.xClose = { file in
            let result = FaultyVFS.pass(file) { real, methods, _ in methods.xClose(real) }
            let head = UnsafeMutableRawPointer(file)?.assumingMemoryBound(to: Head.self)
            head?.pointee.file?.release()
            head?.pointee.file = nil
            return result
        }
        table.xRead = { file, bytes, count, offset in
            FaultyVFS.pass(file, .read) { real, methods, _ in methods.xRead(real, bytes, count, offset) }
        }
        table.xWrite = { file, bytes, count, offset in
            FaultyVFS.pass(file, .write) { real, methods, open in
                let result = methods.xWrite(real, bytes, count, offset)
                if result == SQLITE_OK {
                    open?.storage.wrote(
                        open?.path ?? "", at: Int(offset), UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                }
                return result
            }
        }
        table.xTruncate = { file, size in
            FaultyVFS.pass(file, .truncate) { real, methods, open in
                let result = methods.xTruncate(real, size)
                if result == SQLITE_OK { open?.storage.truncated(open?.path ?? "", to: Int(size)) }
                return result
            }
        }
        table.xSync = { file, flags in
            FaultyVFS.pass(file, .sync) { real, methods, open in
                let result = methods.xSync(real, flags)
                if result == SQLITE_OK { open?.storage.synced(open?.path ?? "") }
                return result
            }
        }
        table.xFileSize = { file, size in FaultyVFS.pass(file) { real, methods, _ in methods.xFileSize(real, size) } }
        table.xLock = { file, lock in FaultyVFS.pass(file) { real, methods, _ in methods.xLock(real, lock) } }
        table.xUnlock = { file, lock in FaultyVFS.pass(file) { real, methods, _ in methods.xUnlock(real, lock) } }
        table.xCheckReservedLock = { file, result in
            FaultyVFS.pass(file) { real, methods, _ in methods.xCheckReservedLock(real, result) }
        }
        table.xFileControl = { file, operation, argument in
            FaultyVFS.pass(file) { real, methods, _ in methods.xFileControl(real, operation, argument) }
        }
        table.xSectorSize = { file in FaultyVFS.pass(file) { real, methods, _ in methods.xSectorSize(real) } }
        table.xDeviceCharacteristics = { file in
            FaultyVFS.pass(file) { real, methods, _ in methods.xDeviceCharacteristics(real) }
        }
        table.xShmMap = { file, page, size, extends, memory in
            FaultyVFS.pass(file) { real, methods, _ in methods.xShmMap(real, page, size, extends, memory) }
        }
        table.xShmLock = { file, offset, count, flags in
            FaultyVFS.pass(file) { real, methods, _ in methods.xShmLock(real, offset, count, flags) }
        }
        table.xShmBarrier = { file in
            _ = FaultyVFS.pass(file) { real, methods, _ in
                methods.xShmBarrier(real)
                return SQLITE_OK
            }
        }
        table.xShmUnmap = { file, deletes in
            FaultyVFS.pass(file) { real, methods, _ in methods.xShmUnmap(real, deletes) }
        }
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: table)
        return methods
    }()
}
