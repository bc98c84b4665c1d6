internal import LessonModel
package import Storage
internal import Wire

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The folders of one identity on this machine, by the XDG base directory specification: several profiles may be members of
/// several relays, or several members of one.
package struct Profile: Hashable, Sendable {
    package static let defaultName = "default"
    /// Names a profile where no option does.
    package static let environmentVariable = "LESSONS_PROFILE"
    package static let maxNameBytes = 64

    package let name: String
    /// What the user sets.
    package let configDirectory: String
    /// Identity, outbox and drafts: what must not be lost.
    package let dataDirectory: String
    /// What can be fetched again.
    package let cacheDirectory: String
    /// Logs.
    package let stateDirectory: String

    /// - Parameters:
    ///   - name: nil for LESSONS_PROFILE of the environment, else `default`.
    ///   - environment: of the process; HOME and the XDG variables are read. A relative path in one of those is ignored, as
    ///     the specification demands.
    /// - Throws: `.identity` for a name that is no folder's, or when there is neither HOME nor the XDG variables.
    package init(name: String? = nil, environment: [String: String]) throws(ClientError) {
        let name = name ?? environment[Self.environmentVariable]?.nonEmptyText ?? Self.defaultName
        guard Self.isValid(name) else {
            throw .identity(
                "\"\(name.prefix(80))\" is no name of a profile: take 1 to \(Self.maxNameBytes) letters, digits, dots, "
                    + "hyphens and underscores, and a letter or digit first")
        }
        self.name = name
        configDirectory = try Self.base("XDG_CONFIG_HOME", ".config", environment) + "/" + name
        dataDirectory = try Self.base("XDG_DATA_HOME", ".local/share", environment) + "/" + name
        cacheDirectory = try Self.base("XDG_CACHE_HOME", ".cache", environment) + "/" + name
        stateDirectory = try Self.base("XDG_STATE_HOME", ".local/state", environment) + "/" + name
    }

    /// The names of the profiles that have an identity, sorted.
    package static func all(environment: [String: String]) throws(ClientError) -> [String] {
        let base = try base("XDG_DATA_HOME", ".local/share", environment)
        guard let folder = opendir(base) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard isValid(name), let profile = try? Profile(name: name, environment: environment),
                profile.hasIdentity
            else { continue }
            names.append(name)
        }
        return names.sorted()
    }

    /// Drafts of posts that could not be sent.
    package var draftsDirectory: String { dataDirectory + "/drafts" }

    /// Makes every folder of the profile, with mode 0700.
    /// - Throws: `.identity` with the path that cannot be made.
    package func makeDirectories() throws(ClientError) {
        for path in [configDirectory, dataDirectory, draftsDirectory, cacheDirectory, stateDirectory] {
            try Self.makeDirectory(path)
        }
    }

    /// Copies of the files that belong to posts in the outbox; makes the folder at first.
    package func openAttachments() throws(ClientError) -> BlobFiles {
        try makeDirectories()
        do { return try BlobFiles(directory: dataDirectory + "/attachments") } catch { throw .storage(error) }
    }

    /// The posts that wait to be sent; makes the file at first.
    package func openOutbox() throws(ClientError) -> Outbox {
        try makeDirectories()
        do { return try Outbox(directory: dataDirectory) } catch { throw .storage(error) }
    }

    /// What was received from the relay of `identity`; makes the file at first.
    package func openMirror(for identity: ClientIdentity) throws(ClientError) -> ClientMirror {
        try makeDirectories()
        do {
            let mirror = try ClientMirror(
                directory: cacheDirectory, relayID: Hex.text(of: identity.relayID), member: identity.member.id)
            try mirror.completeVerdicts { try? Post(content: $0) }
            return mirror
        } catch {
            throw .storage(error)
        }
    }

    /// True for a name that can be a folder's and stands in no way as an option or a hidden file.
    static func isValid(_ name: String) -> Bool {
        let units = Array(name.utf8)
        func isAlphanumeric(_ unit: UInt8) -> Bool {
            (48...57).contains(unit) || (65...90).contains(unit) || (97...122).contains(unit)
        }
        guard (1...maxNameBytes).contains(units.count), isAlphanumeric(units[0]) else { return false }
        return units.allSatisfy {
            isAlphanumeric($0) || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0)
        }
    }

    /// Makes `path` and what is missing above it.
    static func makeDirectory(_ path: String) throws(ClientError) {
        if isDirectory(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeDirectory(String(path[..<slash])) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .identity("the folder \(path) cannot be made: \(errorText(errno))")
        }
        guard isDirectory(path) else { throw .identity("\(path) is in the way: it is not a folder") }
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }

    private static func base(
        _ variable: String, _ fallback: String, _ environment: [String: String]
    ) throws(ClientError) -> String {
        if let set = environment[variable], set.hasPrefix("/") { return set + "/lessons" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw .identity("HOME is not set; set it, or \(variable), to an absolute path")
        }
        return "\(home)/\(fallback)/lessons"
    }
}

extension String {
    fileprivate var nonEmptyText: String? { isEmpty ? nil : self }
}
