import GRDB
import LessonModel
import Synchronization

/// The relay's database: the log of posts, members and certificates, subscriptions, audit.
///
/// Every call blocks until it is done and may be made from any thread that may block. One connection makes all writes
/// and all checkpoints, and several read beside it; a second process is kept away by a lock. What a write returned for
/// is synced to the disk. Closures that a call takes must not call the store.
package final class RelayStore: Sendable {
    static let fileName = "relay.sqlite"
    static let lockFileName = "relay.lock"
    static let blobDirectoryName = "attachments"

    let pool: DatabasePool
    /// What the writer remembers between appends. Locked on the writer's queue only, so that it is never waited for.
    let log = Mutex(LogState())
    let headNumber = Mutex<SequenceNumber>(0)
    let topicSelections = Mutex(TopicSelections())
    /// Held by the one who indexes for search.
    let indexing = Mutex(())
    let unindexed = Mutex(UnindexedPosts())
    /// The last post that is known to be indexed for search.
    let indexedNumber = Mutex<SequenceNumber>(0)
    /// True from the start, since the last process may have ended before it purged them.
    let hasErasedWords = Atomic(true)
    /// Posts with attachments may have been erased since these were cleared up.
    let hasErasedBlobs = Atomic(true)
    /// Held by whoever changes the files of attachments, from the look at a file to the row that says what it is.
    let blobs: Mutex<BlobFiles>
    /// For reading: a file that is whole never changes.
    let blobFiles: BlobFiles
    private let lock: DirectoryLock

    /// Opens the database in `directory`, which exists, and makes or upgrades it as needed.
    /// - Parameter readerCount: how many reads run at once; more wait for one another.
    /// - Throws: `.locked` while another process has it open, `.newerSchema` when this software is too old for it.
    package init(directory: String, readerCount: Int = 4) throws(StorageError) {
        lock = try DirectoryLock(directory: directory, file: RelayStore.lockFileName)
        let path = directory + "/" + RelayStore.fileName
        try PrivateFile.create(path)
        blobFiles = try BlobFiles(directory: directory + "/" + RelayStore.blobDirectoryName)
        blobs = Mutex(blobFiles)
        do {
            pool = try RelayStore.open(path: path, readerCount: readerCount)
            try pool.writeWithoutTransaction { db in
                if try RelaySchema.migrator.hasBeenSuperseded(db) { throw StorageError.newerSchema(file: path) }
            }
            try RelaySchema.migrator.migrate(pool)
            let head = try pool.writeWithoutTransaction { db in
                try db.first("SELECT coalesce(max(sequence), 0) FROM posts") { $0.integer(0) }
            }
            headNumber.withLock { $0 = head ?? 0 }
        } catch {
            throw StorageError(error)
        }
    }

    deinit { try? close() }

    /// Writes the log of changes back into the file where the disk lets it, closes it, and lets another process have it.
    /// Later calls fail.
    package func close() throws(StorageError) {
        // GRDB closes the writer first, and a reader, which is then the last, must not write anything back.
        try? pool.writeWithoutTransaction { db in
            if db.sqliteConnection != nil { try db.checkpoint(.truncate) }
        }
        do { try pool.close() } catch { throw StorageError(error) }
        lock.release()
    }

    private static func open(path: String, readerCount: Int) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "relay"
        configuration.maximumReaderCount = max(1, readerCount)
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA secure_delete = ON")
            if db.configuration.readonly {
                try db.execute(sql: "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8000")
            }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL when it turns WAL on, after the closure above has run.
        try pool.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA wal_autocheckpoint = 4000;
                    PRAGMA journal_size_limit = 67108864;
                    PRAGMA cache_size = -32000;
                    """)
        }
        return pool
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        do { return try pool.read(body) } catch { throw StorageError(error) }
    }

    /// Runs `body` in one transaction on the writer.
    @discardableResult
    func write<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        do { return try pool.write(body) } catch { throw StorageError(error) }
    }
}
