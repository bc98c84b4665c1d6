import GRDB
import GRDBSQLite
import LessonModel

/// A value bound to one parameter of a statement.
enum SQLValue {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    static func flag(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }
    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    static func optional(_ value: String?) -> SQLValue { value.map(SQLValue.text) ?? .null }
    static func optional(_ value: Int64?) -> SQLValue { value.map(SQLValue.integer) ?? .null }
    static func optional(_ value: [UInt8]?) -> SQLValue { value.map(SQLValue.blob) ?? .null }
    static func id(_ value: PostID) -> SQLValue { .blob(value.bytes) }
    static func id(_ value: MemberID) -> SQLValue { .blob(value.bytes) }
}

/// Statements are prepared once for each connection and bound by position through SQLite's own interface: on the way of
/// a post, GRDB's general arguments and rows would cost more than SQLite does. GRDB keeps the connections, the
/// transactions and the cache of statements.
extension Database {
    /// Runs `sql`, which returns no rows.
    /// - Returns: how many rows the statement changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try each(sql, values) { _ in true }
        return Int(sqlite3_changes(sqliteConnection))
    }

    /// Calls `body` with each row until it returns false. `body` must not run the same `sql`.
    /// - Parameter isRemembered: the prepared statement is kept for ever; false for a text that others' wishes shape, of
    ///   which there is no end.
    func each(
        _ sql: String, _ values: [SQLValue] = [], isRemembered: Bool = true, _ body: (Columns) throws -> Bool
    ) throws {
        let prepared = isRemembered ? try cachedStatement(sql: sql) : try makeStatement(sql: sql)
        defer { withExtendedLifetime(prepared) {} }
        let statement = prepared.sqliteStatement
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        precondition(
            Int(sqlite3_bind_parameter_count(statement)) == values.count,
            "parameters and values differ in number: \(sql)")
        for (index, value) in values.enumerated() {
            guard Database.bind(value, to: statement, at: Int32(index + 1)) == SQLITE_OK else { throw currentError() }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                guard try body(Columns(statement: statement)) else { return }
            case SQLITE_DONE:
                return
            default:
                throw currentError()
            }
        }
    }

    /// The first row of the result; nil when there is none.
    func first<Value>(_ sql: String, _ values: [SQLValue] = [], _ body: (Columns) throws -> Value) throws -> Value? {
        var result: Value?
        try each(sql, values) { columns in
            result = try body(columns)
            return false
        }
        return result
    }

    func all<Value>(_ sql: String, _ values: [SQLValue] = [], _ body: (Columns) throws -> Value) throws -> [Value] {
        var result: [Value] = []
        try each(sql, values) { columns in
            result.append(try body(columns))
            return true
        }
        return result
    }

    func exists(_ sql: String, _ values: [SQLValue]) throws -> Bool {
        try first(sql, values) { _ in true } ?? false
    }

    private func currentError() -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(sqliteConnection)),
            message: String(cString: sqlite3_errmsg(sqliteConnection)))
    }

    private static func bind(_ value: SQLValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null:
            return sqlite3_bind_null(statement, index)
        case .integer(let number):
            return sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    sqlite3_bind_text64(
                        statement, index, characters.baseAddress ?? emptyText, UInt64(characters.count), copiedBySQLite,
                        UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { buffer in
                buffer.isEmpty
                    ? sqlite3_bind_zeroblob(statement, index, 0)
                    : sqlite3_bind_blob64(statement, index, buffer.baseAddress, UInt64(buffer.count), copiedBySQLite)
            }
        }
    }

    /// `SQLITE_TRANSIENT`, a macro that Swift does not import.
    private static var copiedBySQLite: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// A null pointer would bind NULL, so an empty text needs an address of its own.
    private static var emptyText: UnsafePointer<CChar> { UnsafePointer(sqlite3_libversion()) }
}

/// The row a statement stands on. Valid only inside the closure that receives it.
///
/// A value of another type than asked for is converted as SQLite does, and never traps.
struct Columns {
    fileprivate let statement: OpaquePointer

    func isNull(_ index: Int32) -> Bool { sqlite3_column_type(statement, index) == SQLITE_NULL }
    func integer(_ index: Int32) -> Int64 { sqlite3_column_int64(statement, index) }
    func int(_ index: Int32) -> Int { Int(sqlite3_column_int64(statement, index)) }
    func double(_ index: Int32) -> Double { sqlite3_column_double(statement, index) }
    func flag(_ index: Int32) -> Bool { sqlite3_column_int64(statement, index) != 0 }
    func optionalInteger(_ index: Int32) -> Int64? { isNull(index) ? nil : integer(index) }

    func text(_ index: Int32) -> String {
        guard let start = sqlite3_column_text(statement, index) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, index))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ index: Int32) -> String? { isNull(index) ? nil : text(index) }

    func blob(_ index: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, index) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
    }

    func optionalBlob(_ index: Int32) -> [UInt8]? { isNull(index) ? nil : blob(index) }

    func byteCount(_ index: Int32) -> Int { Int(sqlite3_column_bytes(statement, index)) }

    /// Sixteen bytes of a UUID without an allocation.
    func uuid(_ index: Int32) throws -> UUIDValue {
        guard let start = sqlite3_column_blob(statement, index), sqlite3_column_bytes(statement, index) == 16,
            let uuid = UUIDValue(bytes: UnsafeRawBufferPointer(start: start, count: 16))
        else { throw StorageError.damaged("an identifier is not 16 bytes long") }
        return uuid
    }

    func postID(_ index: Int32) throws -> PostID { PostID(try uuid(index)) }
    func optionalPostID(_ index: Int32) throws -> PostID? { isNull(index) ? nil : try postID(index) }
    func memberID(_ index: Int32) throws -> MemberID { MemberID(try uuid(index)) }
    func optionalMemberID(_ index: Int32) throws -> MemberID? { isNull(index) ? nil : try memberID(index) }

    func topic(_ index: Int32) throws -> Topic {
        guard let topic = Topic(text(index)) else { throw StorageError.damaged("\"\(text(index))\" is no topic") }
        return topic
    }

    func slug(_ index: Int32) throws -> OrganisationSlug {
        guard let slug = OrganisationSlug(text(index)) else {
            throw StorageError.damaged("\"\(text(index))\" is no organisation's slug")
        }
        return slug
    }

    /// A case of an enumeration by its raw value.
    func value<Value: RawRepresentable<Int>>(_ index: Int32, as type: Value.Type = Value.self) throws -> Value {
        guard let value = Value(rawValue: int(index)) else {
            throw StorageError.damaged("\(int(index)) is no \(type)")
        }
        return value
    }
}
