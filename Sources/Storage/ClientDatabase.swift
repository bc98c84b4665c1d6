import GRDB

/// A database of the client: one file that only its owner may read, which several processes of the same person may
/// have open at once.
///
/// It uses a rollback journal and not WAL: home directories lie on network file systems, where WAL does not work, and the
/// versions of SQLite before 3.51.3 may damage a WAL that two processes write (sqlite.org/wal.html#walresetbug).
enum ClientDatabase {
    /// Opens or makes `path`, whose directory exists, and brings its schema up to date.
    static func open(path: String, label: String, migrator: DatabaseMigrator) throws -> DatabaseQueue {
        try PrivateFile.create(path)
        var configuration = Configuration()
        configuration.label = label
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            try db.execute(
                sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        if try queue.read(migrator.hasBeenSuperseded) { throw StorageError.newerSchema(file: path) }
        do {
            try migrator.migrate(queue)
        } catch {
            // Two processes may make a new file at once: the slower one finds it made when it looks again.
            try migrator.migrate(queue)
        }
        return queue
    }
}

extension DatabaseQueue {
    /// `read`, throwing what this module throws.
    func reading<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        do { return try read(body) } catch { throw StorageError(error) }
    }

    /// `write` in one transaction, throwing what this module throws.
    @discardableResult
    func writing<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        do { return try write(body) } catch { throw StorageError(error) }
    }
}
