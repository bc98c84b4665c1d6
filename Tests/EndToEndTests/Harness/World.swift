import TestSupport

/// A relay that serves, its administrator, and whoever the test lets join.
struct World: Sendable {
    let directory: String
    let children: Children
    let relay: RelayProcess
    /// The relay's administrator, of osce-sec.
    let administrator: Device

    /// Runs `body` in a world of its own. Every process ends with it, however it ends.
    /// - Parameter options: further ones of `lessons-relay init`.
    static func with<R: Sendable>(options: [String] = [], _ body: (World) async throws -> R) async throws -> R {
        let directory = try TemporaryDirectory()
        let children = Children()
        do {
            let result = try await body(try await make(directory.path, options, children))
            await children.killAll()
            withExtendedLifetime(directory) {}
            return result
        } catch {
            await children.killAll()
            withExtendedLifetime(directory) {}
            throw error
        }
    }

    private static func make(_ directory: String, _ options: [String], _ children: Children) async throws -> World {
        let relay = try await RelayProcess(in: directory, options: options, children: children)
        try await relay.start()
        let administrator = try Device("administrator", in: directory, children: children)
        try await administrator.run("join", relay.invitation).expecting()
        return World(directory: directory, children: children, relay: relay, administrator: administrator)
    }

    /// A machine that has joined nothing.
    func device(_ name: String) throws -> Device { try Device(name, in: directory, children: children) }

    func addOrganisation(_ slug: String, name: String? = nil, country: String? = nil, kind: String = "other")
        async throws
    {
        var arguments = ["admin", "add-organisation", slug, "--name", name ?? slug, "--kind", kind]
        if let country { arguments += ["--country", country] }
        try await administrator.start(arguments).finish().expecting()
    }

    func invitation(to slug: String, name: String) async throws -> String {
        let invited = try await administrator.run("admin", "invite", "--organisation", slug, "--name", name).expecting()
        guard let line = invited.lines.first, line.hasPrefix("lessons://") else {
            throw EndToEndFailure("no invitation from \(invited)")
        }
        return line
    }

    /// A new member's machine, joined by an invitation over the wire.
    func member(of slug: String, name: String = "First Member") async throws -> Device {
        let device = try device("\(slug)-\(name.lowercased().replacing(" ", with: "-"))")
        try await device.run("join", "-", input: .text(try await invitation(to: slug, name: name) + "\n")).expecting()
        return device
    }
}
