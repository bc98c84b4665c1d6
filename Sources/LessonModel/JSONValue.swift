import Foundation

/// A value of JSON (RFC 8259), as import reads it.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads one JSON text in UTF-8.
    ///
    /// A comma after an array's last value is tolerated.
    /// - Throws: `.notJSON` for anything else, values nested hundreds of levels deep included.
    package init(parsing bytes: some Collection<UInt8>) throws(JSONValueError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw .notJSON
        }
    }

    /// The text of a string, a number or a boolean; nil for null, arrays and objects.
    package var text: String? {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .bool(let value): String(value)
        case .null, .array, .object: nil
        }
    }

    /// The member at `path`: a member of that very name, or else, for `a.b`, member `b` of member `a`; nil where there is
    /// none.
    package subscript(path: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        if let member = members[path] { return member }
        guard let dot = path.firstIndex(of: ".") else { return nil }
        return members[String(path[..<dot])]?[String(path[path.index(after: dot)...])]
    }
}

package enum JSONValueError: Error, Equatable, CustomStringConvertible {
    case notJSON

    package var description: String { "this is no JSON in UTF-8; write one JSON object a line" }
}

extension JSONValue: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let values = try? container.decode([JSONValue].self) {
            self = .array(values)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}
