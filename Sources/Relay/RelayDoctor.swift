import Storage

/// Looks for damage in the database of a relay that does not run.
package enum RelayDoctor {
    /// - Returns: one sentence a problem; empty when all is well.
    package static func problems(in home: RelayHome) throws -> [String] {
        _ = try home.readConfiguration()
        let store = try RelayStore(directory: home.path)
        defer { try? store.close() }
        var problems = try store.integrityProblems()
        problems += try store.threadStateProblems(decode: RelayCore.readContent)
        let audit = try store.verifyAuditChain()
        if let broken = audit.firstBroken { problems.append("the audit log was changed at entry \(broken)") }
        return problems
    }
}
