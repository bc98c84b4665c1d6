/// Why a certificate was revoked, with the numbers of RFC 5280 §5.3.1.
///
/// `removeFromCRL` (8) is not here: it is what a delta list says about a hold that ended, never a state.
package enum RevocationReason: Int, Sendable, Hashable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case authorityCompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    /// The only one that can be taken back.
    case certificateHold = 6
    case privilegeWithdrawn = 9
    case attributeAuthorityCompromise = 10

    /// The name as RFC 5280 writes it.
    package var name: String {
        switch self {
        case .unspecified: "unspecified"
        case .keyCompromise: "keyCompromise"
        case .authorityCompromise: "cACompromise"
        case .affiliationChanged: "affiliationChanged"
        case .superseded: "superseded"
        case .cessationOfOperation: "cessationOfOperation"
        case .certificateHold: "certificateHold"
        case .privilegeWithdrawn: "privilegeWithdrawn"
        case .attributeAuthorityCompromise: "aACompromise"
        }
    }

    /// Reads `name`, in any case.
    package init?(name: String) {
        guard let reason = Self.allCases.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
        self = reason
    }
}
