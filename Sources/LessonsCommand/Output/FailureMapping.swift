import LessonModel
import PKI
import RelayClient
import Storage
import Wire

extension CommandFailure {
    init(_ error: ClientError) {
        switch error {
        case .unreachable(let sentence), .disconnected(let sentence):
            self.init(.unreachable, "UNREACHABLE", sentence, hint: "check the network, then try again")
        case .untrusted(let sentence):
            self.init(.denied, "UNTRUSTED", sentence)
        case .refused(let code, let reason, _):
            self.init(Sysexit(code), code.name, reason, hint: Self.nextStep(code, after: reason))
        case .request(let error): self.init(error)
        case .protocolViolation(let sentence):
            self.init(.internalFault, "PROTOCOL_VIOLATION", sentence, hint: "update lessons, or the relay")
        case .invalidPost(let sentence): self.init(.badData, "INVALID", sentence)
        case .identity(let sentence): self.init(.configuration, "IDENTITY", sentence)
        case .storage(let error): self.init(error)
        case .cancelled: self.init(.interrupted, "INTERRUPTED", "interrupted")
        }
    }

    init(_ error: WireError) {
        self.init(
            Sysexit(error.code), error.code.name, error.message, field: error.field.nonEmpty,
            hint: Self.nextStep(error.code, after: error.message))
    }

    init(_ error: StorageError) {
        switch error {
        case .full, .failed: self.init(.cannotWrite, "STORAGE", error.description)
        case .locked, .newerSchema, .foreignRelay, .damaged:
            self.init(.configuration, "STORAGE", error.description)
        case .notFound: self.init(.missingInput, "NOT_FOUND", error.description)
        default: self.init(.badData, "STORAGE", error.description)
        }
    }

    init(_ error: PostRuleError) {
        self.init(.badData, "INVALID", error.problem, field: error.field)
    }

    /// Any error that a command may end with.
    init(any error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClientError: self.init(error)
        case let error as StorageError: self.init(error)
        case let error as PostRuleError: self.init(error)
        case let error as PKIError: self.init(.configuration, "IDENTITY", "\(error)")
        case is CancellationError: self.init(.interrupted, "INTERRUPTED", "interrupted")
        default: self.init(.internalFault, "INTERNAL", "\(error)", hint: "this should not happen; please report it")
        }
    }

    /// - Parameter message: what was said; a next step that it names is not said again.
    private static func nextStep(_ code: WireErrorCode, after message: String) -> String? {
        switch code {
        case .unknownTopic: message.contains("lessons topics") ? nil : "see the topics with: lessons topics"
        case .unknownThread, .unknownParent: "see the threads with: lessons threads"
        case .unknownAudience: "see the organisations with: lessons organisations"
        case .forbidden: "see your roles with: lessons whoami"
        case .widerThanThread: "leave --marking out to take over the thread's"
        case .stale: "read the thread again with: lessons show"
        case .evidenceMissing: "see who has applied it with: lessons show"
        case .badFilter: "write topics such as policing/community, policing/+ or accountability/#, in quotes"
        case .overloaded, .limitExceeded, .draining, .slowConsumer: "try again in a moment"
        case .storageFailed, .storageFull: "tell the relay's administrator"
        case .certificateExpired, .certificateRevoked, .notAMember:
            message.contains("administrator") ? nil : "ask your administrator for an invitation"
        case .versionUnsupported: "update lessons"
        default: nil
        }
    }
}

extension Sysexit {
    init(_ code: WireErrorCode) {
        switch code {
        case .unknownThread, .unknownParent, .notFound: self = .missingInput
        case .badFilter: self = .usage
        case .versionUnsupported: self = .configuration
        default:
            self =
                switch code.rawValue {
                case 200..<400: .denied
                case 400..<500: .badData
                case 500..<700, WireErrorCode.unsupported.rawValue, WireErrorCode.idle.rawValue,
                    WireErrorCode.closing.rawValue:
                    .unreachable
                default: .internalFault
                }
        }
    }
}
