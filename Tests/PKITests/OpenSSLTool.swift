import Foundation
import PKI

/// The `openssl` program as a judge from outside, where it is installed.
enum OpenSSLTool {
    static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        .map { "\($0)/openssl" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static var isAvailable: Bool { path != nil }

    /// Runs `openssl` with `arguments` and no input.
    /// - Returns: its exit code, and its two outputs in one text.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> (code: Int32, text: String) {
        try run(arguments, environment: environment)
    }

    /// As above.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> (code: Int32, text: String) {
        guard let path else { throw CocoaError(.executableNotLoadable) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// `openssl x509 -text` for `certificate`, each run of white space made one space.
    static func text(of certificate: Certificate) throws -> String {
        try TemporaryFolder.with { folder in
            let file = try folder.write(certificate.pem, "certificate.pem")
            let result = try run("x509", "-in", file, "-noout", "-text", "-nameopt", "RFC2253")
            guard result.code == 0 else { throw CocoaError(.fileReadCorruptFile) }
            return result.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }
}

/// A folder of one test, gone when the test ends.
struct TemporaryFolder {
    let path: String

    static func with<R>(_ body: (TemporaryFolder) throws -> R) throws -> R {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("pki-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(TemporaryFolder(path: url.path))
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, _ name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    var entries: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}
