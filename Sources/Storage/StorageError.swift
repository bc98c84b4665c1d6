import GRDB

/// Why the database did not do what was asked. Unless a case says otherwise, nothing was changed.
package enum StorageError: Error, Hashable, CustomStringConvertible {
    /// Another process holds the data directory.
    case locked(directory: String)
    /// The file was written by a newer version of this software.
    case newerSchema(file: String)
    /// The file belongs to another relay.
    case foreignRelay(expected: String, found: String)
    /// No space is left. Reads go on, and writes succeed again as soon as there is space.
    case full
    /// SQLite's extended result code and its text.
    case failed(sqliteCode: Int32, message: String)
    /// What was stored cannot be understood: the file is damaged or was edited by something else.
    case damaged(String)
    case notFound(String)
    case alreadyExists(String)
    /// A limit of this module, told in a sentence.
    case limit(String)
    case invitation(InvitationProblem)
    /// No relay administrator who can connect would be left.
    case lastRelayAdministrator
    /// The caller's closure that makes a certificate failed; its own words.
    case issuing(String)

    package var description: String {
        switch self {
        case .locked(let directory):
            "another process is using \(directory); stop it first, or send the command to the running relay"
        case .newerSchema(let file):
            "\(file) was written by a newer version of this software; upgrade the software"
        case .foreignRelay(let expected, let found):
            "this database belongs to the relay \(found), not to \(expected); use another profile"
        case .full: "no space is left for the database; free some space, then try again"
        case .failed(let code, let message): "the database failed with SQLite code \(code): \(message)"
        case .damaged(let what): "the database is damaged: \(what); restore it from a backup"
        case .notFound(let what): "there is no \(what)"
        case .alreadyExists(let what): "\(what) already exists"
        case .limit(let sentence): sentence
        case .invitation(let problem): problem.description
        case .lastRelayAdministrator:
            "this would leave the relay without a relay administrator; give the role to another member first"
        case .issuing(let reason): "the certificate could not be made: \(reason)"
        }
    }
}

/// Why an invitation cannot be redeemed.
package enum InvitationProblem: Hashable, Sendable, CustomStringConvertible {
    case unknown
    case used
    case expired
    case revoked
    /// The organisation, or the member the invitation is for, is suspended.
    case suspended
    /// Whoever made it may not invite any more.
    case makerLeft
    /// It was for a member without a certificate in force, who has one again.
    case memberIsBack

    package var description: String {
        switch self {
        case .unknown: "this relay does not know the invitation; check that it was copied whole and is for this relay"
        case .used: "the invitation has been used; ask an administrator for a new one"
        case .expired: "the invitation has expired; ask an administrator for a new one"
        case .revoked: "the invitation was withdrawn; ask an administrator for a new one"
        case .makerLeft: "whoever made the invitation may not invite any more; ask an administrator for a new one"
        case .memberIsBack:
            "the invitation was for a member without a valid certificate, who has one again; "
                + "the member can invite a further device with: lessons invite-device"
        case .suspended: "the organisation or the member is suspended; ask an administrator"
        }
    }
}

extension StorageError {
    /// Turns what GRDB and this module throw inside into what this module throws at its boundary.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError:
            self = error
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
            self = .full
        case let error as DatabaseError:
            self = .failed(
                sqliteCode: error.extendedResultCode.rawValue,
                message: error.message ?? error.extendedResultCode.description)
        default:
            self = .failed(sqliteCode: ResultCode.SQLITE_ERROR.rawValue, message: "\(error)")
        }
    }
}
