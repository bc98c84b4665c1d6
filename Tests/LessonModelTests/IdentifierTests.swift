import LessonModel
import TestSupport
import Testing

@Suite struct IdentifierTests {
    @Test func `a UUID survives its text and its bytes`() throws {
        var random = SeededRandom(for: "UUIDs")
        for _ in 0..<1_000 {
            let uuid = UUIDValue(high: random.next(), low: random.next())
            #expect(UUIDValue(text: uuid.description) == uuid)
            #expect(UUIDValue(text: uuid.description.uppercased()) == uuid)
            #expect(UUIDValue(bytes: uuid.bytes) == uuid)
        }
        let text = "0198c0de-1234-7abc-8def-0123456789ab"
        #expect(UUIDValue(text: text)?.description == text)
        #expect(UUIDValue(text: text)?.bytes.prefix(3) == [0x01, 0x98, 0xC0])
    }

    @Test func `what is no UUID is refused`() {
        let text = "0198c0de-1234-7abc-8def-0123456789ab"
        for bad in [
            "", "-", text + "0", String(text.dropLast()), text.replacing("-", with: ""), text.replacing("c", with: "g"),
        ] {
            #expect(UUIDValue(text: bad) == nil, "\(bad)")
        }
        #expect(UUIDValue(text: String(repeating: "0", count: 100_000)) == nil)
        #expect(UUIDValue(bytes: [UInt8](repeating: 0, count: 15)) == nil)
        #expect(UUIDValue(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    }

    @Test func `version 7 carries its time, version and variant, and sorts by time`() {
        var random = SeededRandom(for: "version 7")
        var previous: UUIDValue?
        for time in stride(from: Int64(1_700_000_000_000), to: 1_700_000_001_000, by: 1) {
            let uuid = UUIDValue(version7At: time, using: &random)
            #expect(uuid.high >> 16 == UInt64(time))
            #expect(uuid.high >> 12 & 0xF == 7)
            #expect(uuid.low >> 62 == 0b10)
            if let previous { #expect(previous < uuid) }
            previous = uuid
        }
        #expect(UUIDValue(version7At: .min, using: &random).high >> 12 & 0xF == 7)
    }

    @Test func `version 8 repeats for the same digest and marks itself`() throws {
        let digest = [UInt8](repeating: 0xFF, count: 32)
        let uuid = try #require(UUIDValue(version8From: digest))
        #expect(uuid == UUIDValue(version8From: digest))
        #expect(uuid.description == "ffffffff-ffff-8fff-bfff-ffffffffffff")
        #expect(UUIDValue(version8From: [0x00] + digest) != uuid)
        #expect(UUIDValue(version8From: digest.prefix(15)) == nil)
    }

    @Test func `hexadecimal text and bytes are each other's`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.bytes(of: Hex.text(of: all)) == all)
        #expect(Hex.bytes(of: "0A0b") == [10, 11])
        #expect(Hex.bytes(of: "") == [])
        for bad in ["0", "0g", "é0", " 00"] { #expect(Hex.bytes(of: bad) == nil) }
    }

    @Test func `an organisation's slug keeps its rule`() {
        for slug in ["ab", "kosova-police", "2a", String(repeating: "a", count: 40)] {
            #expect(OrganisationSlug(slug) != nil)
        }
        for slug in ["", "a", "-ab", "ab-", "Ab", "a b", "a_b", "ąb", String(repeating: "a", count: 41)] {
            #expect(OrganisationSlug(slug) == nil, "\(slug)")
        }
    }

    @Test func `names of roles, kinds, states and markings are read back`() {
        for role in Role.allCases { #expect(Role(name: role.name) == role) }
        for kind in MemberKind.allCases { #expect(MemberKind(name: kind.name) == kind) }
        for kind in OrganisationKind.allCases { #expect(OrganisationKind(name: kind.name) == kind) }
        for state in ThreadState.allCases { #expect(ThreadState(name: state.name) == state) }
        for marking in Marking.allCases {
            #expect(Marking(label: marking.label) == marking)
            #expect(Marking(label: "tlp:" + marking.label.lowercased()) == marking)
        }
        #expect(Marking(label: "") == nil)
        #expect(Marking(label: "AMBER STRICT") == nil)
    }

    @Test func `language tags of BCP 47 are told from other text`() {
        for tag in ["en", "sq", "sr-Latn", "pt-BR", "zh-Hant-TW", "roa", "de-1996"] {
            #expect(LanguageTag.isValid(tag), "\(tag)")
        }
        for tag in ["", "e", "english", "en-", "-en", "en--us", "en_US", "1n", "ęn", "en-abcdefghi", "en " + "us"] {
            #expect(!LanguageTag.isValid(tag), "\(tag)")
        }
        #expect(!LanguageTag.isValid("en" + String(repeating: "-abcdefg", count: 5)))
        #expect(LanguageTag.primary(of: "PT-BR") == "pt")
        #expect(LanguageTag.primary(of: "") == "")
    }

    @Test func `calendar dates are days that exist`() {
        for date in ["2026-11-24", "2024-02-29", "2000-02-29", "0000-01-01", "9999-12-31"] {
            #expect(CalendarDate.isValid(date, mayBePartial: false), "\(date)")
        }
        for date in [
            "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "2026-01-00", "26-01-01", "2026-1-1",
            "2026-01-01-01", "", "-", "2026-01-01T", "+026-01-01", "２０２６-01-01", String(repeating: "9", count: 100_000),
        ] {
            #expect(!CalendarDate.isValid(date, mayBePartial: false))
            #expect(!CalendarDate.isValid(date, mayBePartial: true))
        }
        for date in ["2026", "2026-11"] {
            #expect(CalendarDate.isValid(date, mayBePartial: true))
            #expect(!CalendarDate.isValid(date, mayBePartial: false))
        }
        #expect(!CalendarDate.isValid("2026-13", mayBePartial: true))
    }
}
