import LessonModel
import Testing

@Suite struct JSONValueTests {
    @Test func `every kind of value is told apart`() throws {
        let value = try JSONValue(
            parsing: Array(#"{"a":null,"b":true,"c":1,"d":1.5,"e":"x","f":[0,"1"],"g":{"h":2}}"#.utf8))
        #expect(
            value
                == .object([
                    "a": .null, "b": .bool(true), "c": .integer(1), "d": .number(1.5), "e": .string("x"),
                    "f": .array([.integer(0), .string("1")]), "g": .object(["h": .integer(2)]),
                ]))
        #expect(value["g.h"] == .integer(2))
        #expect(value["g.x"] == nil)
        #expect(value["e.x"] == nil)
        #expect(value[""] == nil)
    }

    @Test func `a member with a dot in its name is found before a member of a member`() throws {
        let value = try JSONValue(parsing: Array(#"{"a.b":1,"a":{"b":2}}"#.utf8))
        #expect(value["a.b"] == .integer(1))
    }

    @Test func `what is no JSON is refused`() {
        for text in ["", "{", "{\"a\":1}{}", "nul", "1e999x", String(repeating: "[", count: 50_000)] {
            #expect(throws: JSONValueError.notJSON) { try JSONValue(parsing: Array(text.utf8)) }
        }
    }
}
