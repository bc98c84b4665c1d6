import Foundation
import LessonModel
import Logging
import Storage
import Wire

/// The answer to a request that needed the store.
struct RequestAnswer: Sendable {
    var body: WireFrame.OneOf_Body
    var streamChange: StreamChange?

    init(_ body: WireFrame.OneOf_Body, streamChange: StreamChange? = nil) {
        self.body = body
        self.streamChange = streamChange
    }
}

/// A refusal on its way out of the code that answers.
struct RequestRefusal: Error {
    var error: WireError

    init(_ error: WireError) {
        self.error = error
    }

    init(_ code: WireErrorCode, _ message: String, field: String = "") {
        error = WireError(code, message, field: field)
    }

    /// What a storage failure means to a client.
    init(_ failure: StorageError) {
        switch failure {
        case .notFound: self.init(.notFound, failure.description)
        case .alreadyExists: self.init(.alreadyExists, failure.description)
        case .limit: self.init(.limitExceeded, failure.description)
        case .full, .failed: self.init(PublishReply.error(for: failure))
        case .invitation(let problem):
            let code: WireErrorCode =
                switch problem {
                case .unknown: .invitationUnknown
                case .used: .invitationUsed
                case .expired: .invitationExpired
                case .revoked, .memberIsBack, .makerLeft: .invitationRevoked
                case .suspended: .organisationSuspended
                }
            self.init(code, failure.description, field: "token")
        case .lastRelayAdministrator: self.init(.lastRelayAdministrator, failure.description)
        case .issuing: self.init(.badCertificateRequest, failure.description, field: "certificate_request")
        case .locked, .newerSchema, .foreignRelay, .damaged:
            self.init(.storageFailed, "the relay's database needs its administrator")
        }
    }
}

extension RelayCore {
    /// Answers one request. Blocks; never on an event loop. The member is looked up anew, so that a role that was taken
    /// away a moment ago is gone.
    /// - Parameter then: called once with the answer: before this returns, or later on the committing thread where a post
    ///   has to be committed for it.
    func answer(
        _ body: WireFrame.OneOf_Body, from session: Principal, place: StreamPlace,
        then: @escaping @Sendable (RequestAnswer) -> Void
    ) {
        switch membership.principal(session.member.id, session.certificateFingerprint) {
        case .failure(let refusal):
            then(RequestAnswer(.error(WireError(refusal.code, refusal.reason))))
        case .success(let principal):
            do {
                if case .decideHeld(let request) = body, request.decision == .approved {
                    return try approve(request, principal) { then(RequestAnswer($0)) }
                }
                then(try answer(body, principal, place))
            } catch {
                let told = told(error)
                auditRefusal(of: body, principal, told)
                then(RequestAnswer(.error(told)))
            }
        }
    }

    /// What a client learns of why its request was not done.
    private func told(_ error: any Error) -> WireError {
        switch error {
        case let refusal as RequestRefusal: return refusal.error
        case let failure as StorageError:
            let refusal = RequestRefusal(failure)
            if refusal.error.code.rawValue >= 600 {
                counters.add(.storageFailures)
                logger.error("a request failed in storage", metadata: ["reason": "\(failure)"])
            }
            return refusal.error
        case let rule as PostRuleError: return WireError(.invalid, rule.problem, field: rule.field)
        default:
            logger.error("a request failed", metadata: ["reason": "\(error)"])
            return WireError(.storageFailed, "the relay failed; try again", isRetryable: true)
        }
    }

    private func answer(
        _ body: WireFrame.OneOf_Body, _ principal: Principal, _ place: StreamPlace
    ) throws -> RequestAnswer {
        if let reply = try administer(body, principal) { return RequestAnswer(reply) }
        if case .renew(let renew) = body {
            return RequestAnswer(.enrolled(try self.renew(renew, principal)))
        }
        guard AccessPolicy.mayRead(principal) else { throw RequestRefusal(AccessPolicy.refusal("reading", principal)) }
        switch body {
        case .subscribe(let request): return try subscribe(request, principal, place)
        case .unsubscribe(let request): return try unsubscribe(request, principal, place)
        case .listSubscriptions: return RequestAnswer(.subscriptionList(try subscriptions(principal)))
        case .fetchPosts(let request): return RequestAnswer(.posts(try posts(request, principal.viewer)))
        case .fetchThread(let request): return RequestAnswer(.threadPage(try thread(request, principal.viewer)))
        case .listThreads(let request): return RequestAnswer(.threadList(try threads(request, principal.viewer)))
        case .search(let request): return RequestAnswer(.searchResults(try search(request, principal.viewer)))
        case .fetchStatistics(let request): return RequestAnswer(.statistics(try statistics(request, principal)))
        case .setThreadMarks(let request):
            let reply = try setMarks(request, principal)
            registry.tell(principal.member.id, of: reply, except: place.session)
            return RequestAnswer(.threadMarkList(reply))
        case .listThreadMarks(let request): return RequestAnswer(.threadMarkList(try marks(request, principal)))
        case .listOwed(let request): return RequestAnswer(.threadList(try owed(request, principal.viewer)))
        case .listHeld(let request): return RequestAnswer(.heldList(try held(request, principal)))
        case .decideHeld(let request): return RequestAnswer(.done(try decide(request, principal)))
        case .flagPost(let request): return RequestAnswer(.done(try flag(request, principal)))
        case .listFlags(let request): return RequestAnswer(.flagList(try flags(request, principal)))
        case .closeFlag(let request): return RequestAnswer(.done(try close(request, principal)))
        case .blobOpen(let request): return RequestAnswer(.blobHave(try openBlob(request, principal)))
        case .blobChunk(let request): return RequestAnswer(.blobHave(try addChunk(request, principal)))
        case .blobDone(let request): return RequestAnswer(.done(try finishBlob(request, principal)))
        case .blobGet(let request): return RequestAnswer(.blobChunk(try blob(request, principal)))
        case .listTopics: return RequestAnswer(.topicList(try topics(principal.viewer)))
        case .fetchCertificates(let request):
            return RequestAnswer(.certificateList(try certificates(request)))
        case .listOrganisations(let request):
            return RequestAnswer(.organisationList(try organisations(request, principal)))
        case .listMembers(let request): return RequestAnswer(.memberList(try members(request, principal)))
        default:
            throw RequestRefusal(.unsupported, "that frame is no request; see lessons.proto")
        }
    }
}
