import Foundation

extension RelayHome {
    /// A configuration as it will be used.
    package struct CheckedConfiguration: Sendable {
        package var configuration: RelayConfiguration
        /// As JSON, with every limit.
        package var text: String
        /// Names in the file that no setting has, such as `limits.maxFrameByts`, in order.
        package var unknown: [String]
    }

    /// Reads the configuration, says every limit, and finds names that would be passed over.
    /// - Throws: as `readConfiguration`.
    package func checkConfiguration() throws(RelayHomeError) -> CheckedConfiguration {
        let configuration = try readConfiguration()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let known = try encoder.encode(configuration)
            let written = FileManager.default.contents(atPath: configurationPath) ?? Data()
            // Sections that the file leaves out have no names in it either.
            let unknown = Self.names(in: try JSONSerialization.jsonObject(with: written))
                .subtracting(Self.names(in: try JSONSerialization.jsonObject(with: known)))
            return CheckedConfiguration(
                configuration: configuration, text: String(decoding: known, as: UTF8.self), unknown: unknown.sorted())
        } catch {
            throw .badConfiguration(configurationPath, "\(error)")
        }
    }

    private static func names(in value: Any, _ start: String = "") -> Set<String> {
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: []) { names, entry in
            names.insert(start + entry.key)
            names.formUnion(Self.names(in: entry.value, "\(start)\(entry.key)."))
        }
    }
}
