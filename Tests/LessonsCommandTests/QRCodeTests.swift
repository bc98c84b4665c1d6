import TerminalUI
import Testing

@testable import LessonsCommand

@Suite struct QRCodeTests {
    @Test func `a known text gives the known symbol`() throws {
        let code = try #require(QRCode("HELLO lessons"))
        #expect(code.version == 1)
        #expect(code.level == .medium)
        // Made by the Python package qrcode 8 with version 1, M, mask 3.
        let known = """
            #######.###...#######
            #.....#.#...#.#.....#
            #.###.#...#...#.###.#
            #.###.#.####..#.###.#
            #.###.#...##..#.###.#
            #.....#...###.#.....#
            #######.#.#.#.#######
            ........#..##........
            #.##.###..###.#..#.##
            ..##...####.##.####..
            #.#.#.#.####.###...##
            #..#.#..#####...##.#.
            .#.#..#..##.###.#.#.#
            ........###.#.#.#.#.#
            #######.#.##..###....
            #.....#.#....#.#.###.
            #.###.#..##.##...#.#.
            #.###.#.#.#.##...###.
            #.###.#.########..#..
            #.....#.....#####...#
            #######.########.....
            """.split(separator: "\n").map(String.init)
        let drawn = QRCode("HELLO lessons", mask: 3).map { code in
            (0..<code.size).map { row in (0..<code.size).map { code[row, $0] ? "#" : "." }.joined() }
        }
        #expect(drawn == known)
    }

    @Test(arguments: [1, 14, 17, 26, 32, 53, 78, 106, 109, 134, 154, 192, 213, 230, 271, 400, 425, 520])
    func `what is drawn is read back by another decoder`(bytes: Int) throws {
        let text = String((0..<bytes).map { Character(UnicodeScalar(UInt8(33 + ($0 * 37 + bytes) % 90))) })
        for mask in 0..<8 {
            let code = try #require(QRCode(text, mask: mask))
            let read = try QRDecoder(size: code.size) { code[$0, $1] }
            #expect(read.text == text)
            #expect(read.mask == mask)
            #expect(read.isLow == (code.level == .low))
        }
    }

    @Test func `a text beyond UTF-8's first page is read back whole`() throws {
        let code = try #require(QRCode("Türkiye, Česko, Україна"))
        #expect(try QRDecoder(size: code.size) { code[$0, $1] }.text == "Türkiye, Česko, Україна")
    }

    @Test func `the better correction is taken where it costs no larger symbol`() throws {
        #expect(try #require(QRCode(String(repeating: "a", count: 14))).level == .medium)
        let fuller = try #require(QRCode(String(repeating: "a", count: 15)))
        #expect((fuller.version, fuller.level) == (1, .low))
    }

    @Test func `a text that fits no supported version is no symbol`() {
        #expect(QRCode(String(repeating: "a", count: QRCode.maxBytes)) != nil)
        #expect(QRCode(String(repeating: "a", count: QRCode.maxBytes + 1)) == nil)
    }

    @Test func `the penalty counts runs, squares, finder patterns and balance as the standard does`() {
        let blank = Array(repeating: String(repeating: ".", count: 11), count: 11)
        #expect(QRMatrix(rows: blank).penalty == 22 * 9 + 100 * 3 + 100)
        let board = (0..<12).map { row in String((0..<12).map { (row + $0) % 2 == 0 ? "#" as Character : "." }) }
        #expect(QRMatrix(rows: board).penalty == 0)
        let finders = Array(repeating: "#.###.#....", count: 11)
        #expect(QRMatrix(rows: finders).penalty == 11 * 9 + 11 * 40 + 5 * 10 * 3)
    }

    @Test func `the mask of least penalty is chosen`() throws {
        let text = "lessons://relay.example.org:7443,7444"
        let code = try #require(QRCode(text))
        let penalties = try (0..<8).map { mask in
            let candidate = try #require(QRCode(text, mask: mask))
            return QRMatrix(
                rows: (0..<candidate.size).map { row in
                    String((0..<candidate.size).map { candidate[row, $0] ? "#" as Character : "." })
                }
            ).penalty
        }
        #expect(penalties[code.mask] == penalties.min())
    }

    @Test func `half blocks and double signs show the same modules with the quiet zone`() throws {
        let code = try #require(QRCode("lessons"))
        let side = code.size + 8
        let plain = QRText.lines(of: code, isUTF8: false).map(\.plainText)
        #expect(plain.count == side)
        #expect(plain.allSatisfy { $0.count == 2 * side && $0.utf8.allSatisfy { $0 == 0x20 || $0 == 0x23 } })
        let blocks = QRText.lines(of: code, isUTF8: true).map { Array($0.plainText) }
        #expect(blocks.count == (side + 1) / 2)
        for row in 0..<side {
            let doubled = Array(plain[row])
            for column in 0..<side {
                let isDark = code[row - 4, column - 4]
                #expect((doubled[2 * column] == "#") == isDark)
                let block = blocks[row / 2][column]
                #expect((block == "█" || block == (row % 2 == 0 ? "▀" : "▄")) == isDark)
            }
        }
    }

    @Test func `blocks are drawn where the first locale that is set says UTF-8`() {
        #expect(QRText.isUTF8(environment: ["LANG": "en_GB.UTF-8"]))
        #expect(QRText.isUTF8(environment: ["LC_ALL": "", "LC_CTYPE": "C.utf8", "LANG": "C"]))
        #expect(!QRText.isUTF8(environment: ["LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"]))
        #expect(!QRText.isUTF8(environment: [:]))
    }
}
