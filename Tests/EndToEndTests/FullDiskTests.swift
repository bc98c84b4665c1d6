import Foundation
import Testing

private enum FullDisk {
    /// Tried once, on a folder that goes again.
    static let canMount: Bool = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lessons-test-mount-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        guard getuid() == 0,
            (try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)) != nil,
            succeeds("/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
        else { return false }
        return succeeds("/bin/umount", folder)
    }()

    private static func succeeds(_ program: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

extension EndToEnd {
    /// The relay's disk is full, then it is not.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: FullDisk.canMount, "this account mounts no small disk"))
    struct FullDiskTests {
        @Test func `reading goes on, posts wait with a reason, and both come back without a restart`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let device = try await world.member(of: "police-al")
                _ = try await device.post(LessonText(title: "Before"))
                _ = try await world.relay.stop()
                let data = world.relay.data
                func run(_ program: String, _ arguments: String...) async throws {
                    try await device.start(program: program, arguments).finish().expecting()
                }
                try await run("/bin/cp", "-a", data, data + ".copy")
                try await run("/bin/mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", data)
                do {
                    try await run("/bin/cp", "-a", data + ".copy/.", data)
                    try await world.relay.start()
                    try await judge(world, device, data)
                } catch {
                    try? await world.relay.kill()
                    try await run("/bin/umount", data)
                    throw error
                }
                try await run("/bin/umount", data)
            }
        }

        private func judge(_ world: World, _ device: Device, _ data: String) async throws {
            let filler = data + "/filler"
            #expect(try Self.fill(filler) > 0)

            let full = try await device.run("post", "-", input: .text(LessonText(title: "Waits").markdown))
            #expect(full.exit == .code(75) && full.errorOutput.contains("disk is full"), "\(full)")
            let listed = try await device.run("threads").expecting()
            #expect(listed.output.contains("Before") && !listed.output.contains("Waits"))
            let shown = try await world.administrator.run("show", "1").expecting()
            #expect(shown.output.contains("Before"))

            try FileManager.default.removeItem(atPath: filler)
            try await device.run("outbox", "send").expecting()
            #expect(try await world.administrator.run("threads").expecting().output.contains("Waits"))
            _ = try await world.relay.stop().expecting()
            _ = try await world.relay.examine().expecting()
        }

        /// Writes until there is no room for a byte more.
        private static func fill(_ path: String) throws -> Int {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw EndToEndFailure("\(path): \(errno)") }
            defer { close(descriptor) }
            var written = 0
            for size in [65_536, 4_096, 1] {
                let bytes = [UInt8](repeating: 0x61, count: size)
                while true {
                    let count = write(descriptor, bytes, size)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    written += count
                }
            }
            guard errno == ENOSPC else { throw EndToEndFailure("not full: \(errno)") }
            return written
        }
    }
}
