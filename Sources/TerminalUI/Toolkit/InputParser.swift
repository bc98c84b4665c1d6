/// Takes a terminal's bytes apart, in whatever pieces they come: what xterm, the Linux console, rxvt, screen and tmux send,
/// with bracketed paste, mouse (SGR 1006), focus, and keys with modifiers (`CSI 1;5A`, `CSI u`).
///
/// It never holds more than `maxPasteBytes` of a paste and `maxSequenceBytes` of anything else; what is longer is dropped
/// whole, as is every sequence that it does not know. Bytes that are no UTF-8 become U+FFFD.
package struct InputParser: Sendable {
    package static let maxPasteBytes = 1 << 20
    static let maxSequenceBytes = 64

    /// Leaves: `ground` by ESC or a first byte of UTF-8; `escape` by any byte; `csi` and `ss3` by a final byte; `string`
    /// (OSC, DCS, APC, PM) by BEL or ST; `paste` by its end mark.
    private enum State: Sendable {
        case ground
        case utf8([UInt8], wanted: Int)
        case escape
        case csi([UInt8])
        case ss3
        /// The Linux console's `ESC [ [ A`.
        case console
        case string(hasEscape: Bool)
        case paste
    }

    private var state = State.ground
    private var altIsDue = false
    private var isOverlong = false
    /// Beside the state, so that it is never copied.
    private var pasted: [UInt8] = []

    package init() {}

    /// True while an ESC stands alone, which is a key by itself when nothing follows soon.
    package var isWaiting: Bool { if case .escape = state { true } else { false } }

    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [InputEvent] {
        var events: [InputEvent] = []
        for byte in bytes { take(byte, &events) }
        return events
    }

    /// Nothing has followed for a while: an ESC that stands alone is the key.
    package mutating func flush() -> [InputEvent] {
        guard case .escape = state else { return [] }
        state = .ground
        altIsDue = false
        return [.key(Key(.escape))]
    }

    private mutating func take(_ byte: UInt8, _ events: inout [InputEvent]) {
        switch state {
        case .ground: ground(byte, &events)
        case .utf8(let bytes, let wanted): utf8(byte, bytes, wanted, &events)
        case .escape: escape(byte, &events)
        case .csi(let bytes): csi(byte, bytes, &events)
        case .ss3:
            state = .ground
            if let key = Self.ss3Key(byte) { emit(key, &events) }
        case .console:
            state = .ground
            if (0x41...0x45).contains(byte) { emit(Key(.function(Int(byte) - 0x40)), &events) }
        case .string(let hasEscape):
            if byte == 0x07 || hasEscape && byte == 0x5C {
                state = .ground
            } else {
                state = .string(hasEscape: byte == 0x1B)
            }
        case .paste: paste(byte, &events)
        }
    }

    private mutating func ground(_ byte: UInt8, _ events: inout [InputEvent]) {
        switch byte {
        case 0x1B: state = .escape
        case 0x0D, 0x0A: emit(Key(.enter), &events)
        case 0x09: emit(Key(.tab), &events)
        case 0x7F, 0x08: emit(Key(.backspace), &events)
        case 0x00: emit(Key(.character(" "), .control), &events)
        case 0x01...0x1A: emit(Key(.character(Character(Unicode.Scalar(byte + 0x60))), .control), &events)
        case 0x1C...0x1F: emit(Key(.character(Character(Unicode.Scalar(byte + 0x40))), .control), &events)
        case 0x20...0x7E: emit(Key(.character(Character(Unicode.Scalar(byte)))), &events)
        case 0xC2...0xDF: state = .utf8([byte], wanted: 2)
        case 0xE0...0xEF: state = .utf8([byte], wanted: 3)
        case 0xF0...0xF4: state = .utf8([byte], wanted: 4)
        default: emit(Key(.character("\u{FFFD}")), &events)
        }
    }

    private mutating func utf8(_ byte: UInt8, _ bytes: [UInt8], _ wanted: Int, _ events: inout [InputEvent]) {
        guard byte & 0xC0 == 0x80 else {
            state = .ground
            emit(Key(.character("\u{FFFD}")), &events)
            ground(byte, &events)
            return
        }
        let all = bytes + [byte]
        guard all.count == wanted else {
            state = .utf8(all, wanted: wanted)
            return
        }
        state = .ground
        let text = String(decoding: all, as: UTF8.self)
        emit(Key(.character(text.count == 1 ? text.first ?? "\u{FFFD}" : "\u{FFFD}")), &events)
    }

    private mutating func escape(_ byte: UInt8, _ events: inout [InputEvent]) {
        switch byte {
        case 0x5B:
            state = .csi([])
            isOverlong = false
        case 0x4F: state = .ss3
        case 0x5D, 0x50, 0x5F, 0x5E, 0x58: state = .string(hasEscape: false)
        case 0x1B:
            // The first one was a key, or alt of what follows.
            if altIsDue { events.append(.key(Key(.escape))) }
            altIsDue = true
        default:
            state = .ground
            altIsDue = true
            ground(byte, &events)
        }
    }

    private mutating func csi(_ byte: UInt8, _ bytes: [UInt8], _ events: inout [InputEvent]) {
        if bytes.isEmpty, byte == 0x5B {
            state = .console
            return
        }
        // A new escape takes the place of a sequence that was cut off.
        if byte == 0x1B {
            state = .escape
            return
        }
        guard (0x40...0x7E).contains(byte) else {
            guard (0x20...0x3F).contains(byte), bytes.count < Self.maxSequenceBytes else {
                if bytes.count >= Self.maxSequenceBytes, (0x20...0x3F).contains(byte) {
                    isOverlong = true
                } else {
                    state = .ground
                }
                return
            }
            state = .csi(bytes + [byte])
            return
        }
        state = .ground
        guard !isOverlong else { return }
        finish(CSISequence(bytes, final: byte), &events)
    }

    private mutating func finish(_ sequence: CSISequence, _ events: inout [InputEvent]) {
        if sequence.final == "~", sequence.numbers.first == 200 {
            state = .paste
            pasted = []
            altIsDue = false
            return
        }
        if let mouse = sequence.mouse {
            events.append(.mouse(mouse))
        } else if sequence.prefix == nil, sequence.final == "I" || sequence.final == "O", sequence.numbers.isEmpty {
            events.append(.focus(sequence.final == "I"))
        } else if let key = sequence.key {
            emit(key, &events)
        }
        altIsDue = false
    }

    private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

    private mutating func paste(_ byte: UInt8, _ events: inout [InputEvent]) {
        pasted.append(byte)
        if byte == Self.pasteEnd.last, pasted.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
            pasted.removeLast(Self.pasteEnd.count)
            let text = String(decoding: pasted.prefix(Self.maxPasteBytes), as: UTF8.self)
            pasted = []
            state = .ground
            events.append(.paste(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")))
        } else if pasted.count > Self.maxPasteBytes + Self.pasteEnd.count {
            // What is too long is held to its last bytes, for the end mark's sake.
            pasted.remove(at: Self.maxPasteBytes)
        }
    }

    private mutating func emit(_ key: Key, _ events: inout [InputEvent]) {
        var key = key
        if altIsDue { key.modifiers.insert(.alt) }
        altIsDue = false
        events.append(.key(key))
    }

    private static func ss3Key(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x41: Key(.up)
        case 0x42: Key(.down)
        case 0x43: Key(.right)
        case 0x44: Key(.left)
        case 0x46: Key(.end)
        case 0x48: Key(.home)
        case 0x4D: Key(.enter)
        case 0x50...0x53: Key(.function(Int(byte) - 0x4F))
        default: nil
        }
    }
}

/// `CSI`, parameters, a final byte (ECMA-48 §5.4).
private struct CSISequence {
    /// `<`, `=`, `>` or `?` before the parameters.
    let prefix: Character?
    let numbers: [Int]
    let final: Character

    init(_ bytes: [UInt8], final: UInt8) {
        var text = bytes[...]
        if let first = text.first, (0x3C...0x3F).contains(first) {
            prefix = Character(Unicode.Scalar(first))
            text = text.dropFirst()
        } else {
            prefix = nil
        }
        numbers =
            text.isEmpty
            ? []
            : text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { part in
                // A sub-parameter after a colon says no more than we need.
                let digits = part.prefix { (0x30...0x39).contains($0) }.prefix(6)
                return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            }
        self.final = Character(Unicode.Scalar(final))
    }

    private var modifiers: Key.Modifiers {
        guard numbers.count > 1, numbers[1] > 0 else { return [] }
        return Key.Modifiers(rawValue: (numbers[1] - 1) & 7)
    }

    var key: Key? {
        guard prefix == nil else { return nil }
        switch final {
        case "A": return Key(.up, modifiers)
        case "B": return Key(.down, modifiers)
        case "C": return Key(.right, modifiers)
        case "D": return Key(.left, modifiers)
        case "F": return Key(.end, modifiers)
        case "H": return Key(.home, modifiers)
        case "P", "Q", "R", "S":
            let number = Int(final.asciiValue ?? 0x50) - 0x4F
            return Key(.function(number), modifiers)
        case "Z": return Key(.tab, .shift)
        case "a": return Key(.up, .shift)
        case "b": return Key(.down, .shift)
        case "c": return Key(.right, .shift)
        case "d": return Key(.left, .shift)
        case "~", "^", "$", "@": return tildeKey
        case "u": return unicodeKey
        default: return nil
        }
    }

    private var tildeKey: Key? {
        var modifiers = modifiers
        // rxvt.
        if final == "^" { modifiers.insert(.control) }
        if final == "$" { modifiers.insert(.shift) }
        switch numbers.first {
        case 1, 7: return Key(.home, modifiers)
        case 2: return Key(.insert, modifiers)
        case 3: return Key(.delete, modifiers)
        case 4, 8: return Key(.end, modifiers)
        case 5: return Key(.pageUp, modifiers)
        case 6: return Key(.pageDown, modifiers)
        case let number? where (11...15).contains(number): return Key(.function(number - 10), modifiers)
        case let number? where (17...21).contains(number): return Key(.function(number - 11), modifiers)
        case let number? where (23...26).contains(number): return Key(.function(number - 12), modifiers)
        case 27:
            // xterm's modifyOtherKeys: CSI 27 ; modifiers ; code ~
            guard numbers.count == 3 else { return nil }
            return CSISequence.key(code: numbers[2], modifiers)
        default: return nil
        }
    }

    private var unicodeKey: Key? { numbers.first.flatMap { CSISequence.key(code: $0, modifiers) } }

    private static func key(code: Int, _ modifiers: Key.Modifiers) -> Key? {
        switch code {
        case 9: return Key(.tab, modifiers)
        case 13: return Key(.enter, modifiers)
        case 27: return Key(.escape, modifiers)
        case 8, 127: return Key(.backspace, modifiers)
        default:
            guard code >= 0x20, let scalar = Unicode.Scalar(UInt32(code)) else { return nil }
            return Key(.character(Character(scalar)), modifiers.subtracting(.shift))
        }
    }

    var mouse: MouseEvent? {
        guard prefix == "<", final == "M" || final == "m", numbers.count == 3 else { return nil }
        let code = numbers[0]
        let column = max(0, numbers[1] - 1)
        let row = max(0, numbers[2] - 1)
        if code & 64 != 0 {
            guard code & 3 < 2 else { return nil }
            return MouseEvent(action: code & 1 == 0 ? .wheelUp : .wheelDown, column: column, row: row)
        }
        let button: MouseEvent.Button =
            switch code & 3 {
            case 0: .left
            case 1: .middle
            case 2: .right
            default: .none
            }
        let action: MouseEvent.Action = final == "m" ? .release : code & 32 != 0 ? .drag : .press
        return MouseEvent(action: action, button: button, column: column, row: row)
    }
}
