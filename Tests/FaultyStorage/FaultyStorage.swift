import GRDBSQLite
import NIOConcurrencyHelpers

/// A disk that fails when it is told to: the SQLite files of one directory, seen through a VFS that passes every call on
/// to the real one unless the fault has struck (https://sqlite.org/vfs.html).
///
/// It also keeps what of each file is synced, so that a loss of power can leave what the real one may leave: all that was
/// synced, and any part of what was written since.
///
/// @unchecked: all that changes is in `state`.
package final class FaultyStorage: @unchecked Sendable {
    /// What happens at the n-th call of its kind.
    package enum Fault: String, CaseIterable, Sendable {
        /// One call of any kind fails, the next succeeds.
        case ioErrorOnce
        /// All calls fail until `repair`.
        case ioErrorsFromThen
        /// Writing fails for lack of space until `repair`.
        case full
        /// Nothing is written any more; `losePower` says what was.
        case powerLoss

        func strikes(_ call: Call) -> Bool {
            switch self {
            case .ioErrorOnce, .ioErrorsFromThen: true
            case .full: call == .write
            case .powerLoss: call != .read && call != .open
            }
        }
    }

    package enum Call: Sendable {
        case open, read, write, truncate, sync, delete
    }

    /// What was written since the last sync.
    private enum Change {
        case write(offset: Int, bytes: [UInt8])
        case truncate(Int)
    }

    private struct File {
        var synced: [UInt8]
        var changes: [Change] = []
    }

    private struct State {
        var fault: (kind: Fault, atCall: Int)?
        var calls = 0
        var files: [String: File] = [:]
    }

    package let directory: String
    private let state = NIOLockedValueBox(State())

    /// - Parameter directory: without a slash at its end; its files are to be opened after this.
    package init(directory: String) {
        self.directory = directory
        FaultyVFS.register(self)
    }

    /// To be called when nothing of the directory is open any more.
    package func remove() { FaultyVFS.unregister(self) }

    /// Lets `fault` strike at the `call`-th call from now that it can strike, beginning with 1.
    package func arm(_ fault: Fault, atCall call: Int) {
        state.withLockedValue {
            $0.fault = (fault, call)
            $0.calls = 0
        }
    }

    package func repair() { state.withLockedValue { $0.fault = nil } }

    /// Calls that the fault could strike, since it was armed.
    package var calls: Int { state.withLockedValue { $0.calls } }

    package var hasStruck: Bool {
        state.withLockedValue { state in state.fault.map { state.calls >= $0.atCall } ?? false }
    }

    /// Leaves in each file what was synced and, of what was written since, what `random` chooses: some writes whole, one
    /// torn at a sector of 512 bytes, some not at all. Nothing of the directory may be open.
    package func losePower(using random: inout some RandomNumberGenerator) throws {
        let files = state.withLockedValue { state in
            defer { state.files = [:] }
            return state.files
        }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            var image = file.synced
            for change in file.changes {
                switch (change, Int.random(in: 0..<4, using: &random)) {
                case (_, 0): continue
                case (.write(let offset, let bytes), 1):
                    let sectors = bytes.count / 512
                    Self.apply(.write(offset: offset, bytes: Array(bytes.prefix(sectors / 2 * 512))), to: &image)
                default: Self.apply(change, to: &image)
                }
            }
            try PlainFile.replace(path, with: image)
        }
    }

    private static func apply(_ change: Change, to image: inout [UInt8]) {
        switch change {
        case .truncate(let size):
            image = Array(image.prefix(size)) + Array(repeating: 0, count: max(0, size - image.count))
        case .write(let offset, let bytes):
            if image.count < offset + bytes.count {
                image += Array(repeating: 0, count: offset + bytes.count - image.count)
            }
            image.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
    }

    // MARK: For the VFS

    /// Nil when the call goes on to the disk, else SQLite's code of the failure.
    func failure(of call: Call) -> CInt? {
        state.withLockedValue { state in
            guard let fault = state.fault, fault.kind.strikes(call) else { return nil }
            state.calls += 1
            let isStruck = fault.kind == .ioErrorOnce ? state.calls == fault.atCall : state.calls >= fault.atCall
            return isStruck ? (fault.kind == .full ? SQLITE_FULL : Self.code(of: call)) : nil
        }
    }

    private static func code(of call: Call) -> CInt {
        let detail: CInt
        switch call {
        case .open: return SQLITE_CANTOPEN
        case .read: detail = 1
        case .write: detail = 3
        case .sync: detail = 4
        case .truncate: detail = 6
        case .delete: detail = 10
        }
        return SQLITE_IOERR | detail << 8
    }

    func opened(_ path: String) {
        state.withLockedValue { state in
            if state.files[path] == nil { state.files[path] = File(synced: PlainFile.bytes(path)) }
        }
    }

    func wrote(_ path: String, at offset: Int, _ bytes: UnsafeRawBufferPointer) {
        state.withLockedValue { $0.files[path]?.changes.append(.write(offset: offset, bytes: Array(bytes))) }
    }

    func truncated(_ path: String, to size: Int) {
        state.withLockedValue { $0.files[path]?.changes.append(.truncate(size)) }
    }

    func synced(_ path: String) {
        state.withLockedValue { state in
            guard var file = state.files.removeValue(forKey: path) else { return }
            for change in file.changes { Self.apply(change, to: &file.synced) }
            file.changes = []
            state.files[path] = file
        }
    }

    func deleted(_ path: String) { state.withLockedValue { $0.files[path] = nil } }
}
