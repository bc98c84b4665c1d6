internal import FoundationEssentials
package import Wire

/// Requests about invitations and certificates with their answers; each throws what `RelayConnection.request` throws.
extension RelayConnection {
    package func invite(_ invite: WireInvite) async throws(ClientError) -> WireInvited {
        guard case .invited(let invited) = try await request(.invite(invite)) else { throw Self.unexpectedAnswer }
        return invited
    }

    /// All that this member may see, newest first; asks page by page.
    /// - Parameter isOpen: only those that can still be redeemed.
    package func invitations(isOpen: Bool = false) async throws(ClientError) -> [WireInvitationEntry] {
        var list = WireListInvitations()
        list.open = isOpen
        var invitations: [WireInvitationEntry] = []
        while true {
            guard case .invitationList(let page) = try await request(.listInvitations(list)) else {
                throw Self.unexpectedAnswer
            }
            invitations += page.invitations
            guard page.more, let last = page.invitations.last, last.invitationID != list.beforeInvitationID else {
                return invitations
            }
            list.beforeInvitationID = last.invitationID
        }
    }

    package func revokeInvitation(_ id: [UInt8]) async throws(ClientError) {
        var revoke = WireRevokeInvitation()
        revoke.invitationID = Data(id)
        try await done(.revokeInvitation(revoke))
    }

    package func revokeCertificates(_ revoke: WireRevokeCertificates) async throws(ClientError) -> WireRevoked {
        guard case .revoked(let revoked) = try await request(.revokeCertificates(revoke)) else {
            throw Self.unexpectedAnswer
        }
        return revoked
    }

    package func releaseHold(_ release: WireReleaseHold) async throws(ClientError) -> WireReleased {
        guard case .released(let released) = try await request(.releaseHold(release)) else {
            throw Self.unexpectedAnswer
        }
        return released
    }

    /// One page of the certificates that this administrator may see.
    package func certificatePage(_ list: WireListCertificates) async throws(ClientError) -> WireCertificateList {
        guard case .certificateList(let page) = try await request(.listCertificates(list)) else {
            throw Self.unexpectedAnswer
        }
        return page
    }

    /// The certificates that `list` selects, those that end first on top; asks page by page.
    /// - Parameters:
    ///   - limit: at most so many; nil for all.
    ///   - body: takes each page as it comes.
    /// - Returns: true when there are more than `limit`.
    /// - Throws: also what `body` throws.
    @discardableResult
    package func certificates(
        _ list: WireListCertificates, limit: Int? = nil, _ body: (WireCertificateList) throws -> Void
    ) async throws -> Bool {
        var list = list
        var left = limit ?? .max
        while true {
            list.limit = UInt32(clamping: min(500, left))
            let page = try await certificatePage(list)
            try body(page)
            left -= page.certificates.count
            guard page.more, !page.next.isEmpty, page.next != list.after, left > 0 else { return page.more }
            list.after = page.next
        }
    }
}
