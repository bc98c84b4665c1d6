import Foundation

/// A program under test, as the build has made it beside this test bundle.
enum BuiltProgram: String {
    case relay = "lessons-relay"
    case client = "lessons"

    /// - Throws: `EndToEndFailure` when the program was not built; nothing else may stand in for it.
    var path: String {
        get throws {
            let path = Self.directory.appending(path: rawValue).path
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw EndToEndFailure("\(path) is absent; build it with `swift build --product \(rawValue)`")
            }
            return path
        }
    }

    private static var directory: URL {
        #if os(macOS)
            final class Marker {}
            return Bundle(for: Marker.self).bundleURL.deletingLastPathComponent()
        #else
            let executable = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments.first ?? "")
            return executable.deletingLastPathComponent()
        #endif
    }
}

/// A program that the machine may have.
enum MachineProgram {
    static func path(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// Why a test could not go on, in a sentence.
struct EndToEndFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
