package import FoundationEssentials

/// Who a member certificate speaks for: `https://<relay-domain>/id/<member uuid>`, its one alternative name.
package struct MemberURI: Sendable, Hashable {
    /// In lower case.
    package let relayDomain: String
    package let memberID: UUID

    /// - Throws: `.invalidName` when `relayDomain` is not a DNS name.
    package init(relayDomain: String, memberID: UUID) throws(PKIError) {
        self.relayDomain = try DNSName.checked(relayDomain)
        self.memberID = memberID
    }

    /// Reads what `description` writes, and no other spelling of it.
    package init?(_ text: String) {
        let prefix = "https://"
        guard text.hasPrefix(prefix) else { return nil }
        let parts = text.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "id", let memberID = UUID(uuidString: String(parts[2])),
            let domain = try? DNSName.checked(String(parts[0]))
        else { return nil }
        self.relayDomain = domain
        self.memberID = memberID
        guard description == text else { return nil }
    }
}

extension MemberURI: CustomStringConvertible {
    package var description: String { "https://\(relayDomain)/id/\(memberID.uuidString.lowercased())" }
}

extension Certificate {
    /// The member this certificate speaks for; nil unless it has exactly one URI and that is a member's.
    package var memberURI: MemberURI? {
        uris.count == 1 ? MemberURI(uris[0]) : nil
    }
}
