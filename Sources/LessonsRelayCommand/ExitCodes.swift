import ArgumentParser
import Foundation

/// Exit codes of sysexits(3).
enum Exit {
    static let usage: Int32 = 64
    static let unreadable: Int32 = 66
    static let internalFailure: Int32 = 70
    static let cannotWrite: Int32 = 73
    static let configuration: Int32 = 78
}

/// Writes a line to stderr.
func say(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Ends the command with one sentence.
func fail(_ sentence: String, _ code: Int32) -> ExitCode {
    say("lessons-relay: \(sentence)")
    return ExitCode(code)
}
