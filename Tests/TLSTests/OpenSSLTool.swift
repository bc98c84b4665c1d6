import Foundation
import PKI
import TestSupport

/// The `openssl` command as a process of its own.
struct OpenSSLTool {
    /// Nil when the machine has none.
    static let path: String? = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":")
        .map { "\($0)/openssl" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// A temporary directory of one test with the parties' certificates and keys, removed with this object.
    final class Files: Sendable {
        let directory: URL

        init(_ parties: TestParties) throws {
            directory = FileManager.default.temporaryDirectory.appending(path: "lessons-tls-\(UUID())")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try write("root.pem", parties.authority.rootCertificate.pem)
            try write("issuing.pem", parties.authority.issuingCertificate.pem)
            try write("member.pem", parties.member.certificate.pem)
            try write("member.key", parties.member.key.pem(passphrase: nil))
            try write("relay.pem", parties.relay.certificate.pem)
            try write("relay.key", parties.relay.key.pem(passphrase: nil))
        }

        deinit { try? FileManager.default.removeItem(at: directory) }

        func path(_ name: String) -> String { directory.appending(path: name).path }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: directory.appending(path: name))
        }
    }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts `openssl` with both its outputs in one.
    init(_ arguments: [String]) throws {
        process.executableURL = URL(filePath: Self.path ?? "")
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        // This end is the process's.
        try output.fileHandleForWriting.close()
    }

    func send(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Everything that the process prints up to its end. Blocks a thread of its own.
    func finish() async -> String {
        await onThread { String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self) }
    }

    /// What the process prints up to and with the first line that contains `text`, or to its end.
    func read(until text: String) async -> String {
        await onThread {
            var printed = Data()
            while let next = try? output.fileHandleForReading.read(upToCount: 1), !next.isEmpty {
                printed.append(next)
                if next == Data("\n".utf8), String(decoding: printed, as: UTF8.self).contains(text) { break }
            }
            return String(decoding: printed, as: UTF8.self)
        }
    }

    func terminate() {
        if process.isRunning { process.terminate() }
    }

    private func onThread(_ body: @escaping @Sendable () -> String) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
