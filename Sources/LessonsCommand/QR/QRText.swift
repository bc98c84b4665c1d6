import TerminalUI

/// A QR code for a terminal, with the quiet zone of four modules that scanners need.
enum QRText {
    private static let quiet = 4

    /// Two rows a line in half blocks where the terminal shows them, otherwise `##` for each dark module. Dark on light
    /// by the terminal's colours; without colours, dark is the colour of text.
    static func lines(of code: QRCode, isUTF8: Bool) -> [StyledText] {
        let places = -quiet..<code.size + quiet
        guard isUTF8 else {
            return places.map { row in
                StyledText(places.map { code[row, $0] ? "##" : "  " }.joined(), .plain)
            }
        }
        return stride(from: -quiet, to: code.size + quiet, by: 2).map { row in
            let text = places.map { column -> Character in
                switch (code[row, column], code[row + 1, column]) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return StyledText(String(text), .blackOnWhite)
        }
    }

    /// What POSIX takes for the characters' encoding: the first of these that is set and not empty.
    static func isUTF8(environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }
}
