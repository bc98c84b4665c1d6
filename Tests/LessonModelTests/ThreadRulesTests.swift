import Testing

@testable import LessonModel

@Suite struct ThreadRulesTests {
    private let own = OrganisationSlug("al-ombudsman")
    private let other = OrganisationSlug("ge-police")
    private let lessonID = PostID(UUIDValue(high: 1, low: 1))

    private func member(_ number: UInt64) -> MemberID { MemberID(UUIDValue(high: 9, low: number)) }
    private func id(_ number: UInt64) -> PostID { PostID(UUIDValue(high: 2, low: number)) }

    private func lesson(_ title: String = "A lesson") -> Lesson {
        Lesson(title: title, observation: "It happened.", recommendation: "Do better.")
    }

    private func post(
        _ body: Post.Body, by organisation: OrganisationSlug?, number: UInt64 = 1, author: UInt64 = 2,
        marking: Marking = .green
    ) throws -> Post {
        Post(
            id: id(number), salt: [UInt8](repeating: 0, count: 16), author: member(author),
            organisation: try #require(organisation), createdAt: 1, topic: try #require(Topic("policing/community")),
            thread: lessonID, marking: marking, audience: .everybody, language: "en", body: body)
    }

    private func rules(
        _ change: (inout ThreadProjection) throws -> Void = { _ in }, rights: ThreadRights = ThreadRights(),
        target: RedactionTarget? = nil, isWithin: Bool = true, otherThread: Visibility? = nil
    ) throws -> ThreadRules {
        let own = try #require(own)
        var projection = ThreadProjection(
            lesson: lessonID, organisation: own, texts: [ThreadProjection.Text(post: lessonID, title: "A lesson")])
        try change(&projection)
        return ThreadRules(
            projection: projection,
            visibility: Visibility(marking: .green, audience: .everybody, author: member(1), organisation: own),
            rights: rights, target: { _ in target }, isWithin: { _ in isWithin }, otherThread: { _ in otherThread })
    }

    private func refusal(_ rules: ThreadRules, _ post: Post) -> ThreadRuleError.Kind? {
        do {
            try rules.check(post)
            return nil
        } catch let error as ThreadRuleError {
            return error.kind
        } catch {
            Issue.record(error)
            return nil
        }
    }

    @Test func `a revision is the organisation's own, on top of the present text`() throws {
        let revision = Post.Body.revision(Revision(base: lessonID, lesson: lesson("New")))
        #expect(refusal(try rules(), try post(revision, by: own)) == nil)
        #expect(refusal(try rules(), try post(revision, by: other)) == .forbidden)
        #expect(refusal(try rules(), try post(revision, by: own, marking: .amberStrict)) == .narrowerThanThread)
        let revised = try rules { $0.texts.append(ThreadProjection.Text(post: id(7), title: "Newer")) }
        #expect(refusal(revised, try post(revision, by: own)) == .stale)
        #expect(
            refusal(try rules { $0.texts = [] }, try post(revision, by: own)) == .forbidden, "the lesson was erased")
    }

    @Test func `each other organisation endorses once, and takes back what it gave`() throws {
        let give = Post.Body.endorsement(Endorsement())
        let take = Post.Body.endorsement(Endorsement(isWithdrawal: true))
        #expect(refusal(try rules(), try post(give, by: other)) == nil)
        #expect(refusal(try rules(), try post(give, by: own)) == .forbidden)
        #expect(refusal(try rules(), try post(take, by: other)) == .alreadySo)
        let given = try rules { $0.endorsements[try #require(other)] = id(5) }
        #expect(refusal(given, try post(give, by: other)) == .alreadySo)
        #expect(refusal(given, try post(take, by: other)) == nil)
    }

    @Test func `a lesson is learned only by evidence that another adopted it and that all may see`() throws {
        func report(
            _ status: ApplicationReport.Status, by organisation: OrganisationSlug?, evidence: Bool = true,
            whole: Bool = true, number: UInt64 = 5
        ) throws -> ThreadProjection.Report {
            ThreadProjection.Report(
                post: id(number), organisation: try #require(organisation), status: status, hasEvidence: evidence,
                isForWholeThread: whole)
        }
        func outcome(_ reports: [ThreadProjection.Report], citing: [PostID]) throws -> ThreadRuleError.Kind? {
            let rules = try rules(
                {
                    $0.state = .lessonIdentified
                    $0.reports = reports
                }, rights: ThreadRights(isCurator: true))
            let change = StateChange(from: .lessonIdentified, to: .lessonLearned, reason: "It works.", evidence: citing)
            return refusal(rules, try post(.stateChange(change), by: other))
        }
        #expect(try outcome([report(.adopted, by: other)], citing: [id(5)]) == nil)
        #expect(try outcome([report(.adopted, by: other)], citing: []) == .evidenceMissing)
        #expect(try outcome([report(.adopted, by: own)], citing: [id(5)]) == .evidenceMissing, "its own word")
        #expect(try outcome([report(.adopted, by: other, evidence: false)], citing: [id(5)]) == .evidenceMissing)
        #expect(try outcome([report(.triedAndFailed, by: other)], citing: [id(5)]) == .evidenceMissing)
        #expect(try outcome([report(.adopted, by: other, whole: false)], citing: [id(5)]) == .unknownTarget)
        let changedMind = try [report(.adopted, by: other), report(.triedAndFailed, by: other, number: 6)]
        #expect(try outcome(changedMind, citing: [id(5)]) == .unknownTarget, "not what it says today")
    }

    @Test func `a state is moved by a curator, from where the thread stands`() throws {
        func change(_ from: ThreadState, _ to: ThreadState, by: PostID? = nil) -> Post.Body {
            .stateChange(StateChange(from: from, to: to, reason: "So it is.", supersededBy: by))
        }
        let curator = ThreadRights(isCurator: true)
        #expect(
            refusal(try rules(rights: curator), try post(change(.observation, .lessonIdentified), by: other)) == nil)
        #expect(refusal(try rules(), try post(change(.observation, .lessonIdentified), by: other)) == .forbidden)
        let moved = try rules({ $0.state = .rejected }, rights: curator)
        #expect(refusal(moved, try post(change(.observation, .lessonIdentified), by: other)) == .stale)
        let away = try post(change(.observation, .superseded, by: id(77)), by: other)
        #expect(refusal(try rules(rights: curator), away) == .unknownTarget)
        let narrow = Visibility(
            marking: .amber, audience: .everybody, author: member(1), organisation: try #require(own))
        #expect(refusal(try rules(rights: curator, otherThread: narrow), away) == .narrowerThanThread)
        var wide = narrow
        wide.marking = .clear
        #expect(refusal(try rules(rights: curator, otherThread: wide), away) == nil)
        for from in ThreadState.allCases {
            for to in ThreadState.allCases {
                let change = StateChange(from: from, to: to, reason: "r", supersededBy: to == .superseded ? id(1) : nil)
                let isValid = (try? change.validate()) != nil
                #expect(isValid == from.next.contains(to), "\(from) to \(to)")
            }
        }
    }

    @Test func `a post is redacted by its author, its organisation's administrator or a curator, once, by its hash`()
        throws
    {
        let hash = [UInt8](repeating: 3, count: 32)
        func target(_ kind: PostKind = .comment, erased: Bool = false) throws -> RedactionTarget {
            RedactionTarget(
                kind: kind,
                visibility: Visibility(
                    marking: .green, audience: .everybody, author: member(2), organisation: try #require(other)),
                contentHash: hash, isErased: erased)
        }
        func body(_ reason: String = "", hash: [UInt8]? = nil) -> Post.Body {
            .redaction(
                Redaction(target: id(5), targetHash: hash ?? [UInt8](repeating: 3, count: 32), reason: reason))
        }
        let ofAnother = try post(body("A name"), by: own, author: 4)
        #expect(
            refusal(try rules(target: target()), try post(body(), by: other)) == nil, "the author, without a reason")
        #expect(refusal(try rules(target: target()), ofAnother) == .forbidden)
        let colleague = try post(body("A name"), by: other, author: 4)
        #expect(refusal(try rules(target: target()), colleague) == .forbidden)
        let administrator = ThreadRights(isOrganisationAdministrator: true)
        #expect(refusal(try rules(rights: administrator, target: target()), colleague) == nil)
        #expect(refusal(try rules(rights: administrator, target: target()), ofAnother) == .forbidden)
        let curator = ThreadRights(isCurator: true)
        #expect(refusal(try rules(rights: curator, target: target()), ofAnother) == nil)
        #expect(
            refusal(try rules(rights: curator, target: target()), try post(body(), by: own, author: 4)) == .invalid)
        #expect(refusal(try rules(), try post(body(), by: other)) == .unknownTarget)
        #expect(refusal(try rules(target: target(erased: true)), try post(body(), by: other)) == .alreadySo)
        let wrongHash = try post(body(hash: [UInt8](repeating: 4, count: 32)), by: other)
        #expect(refusal(try rules(target: target()), wrongHash) == .invalid)
        for kind in [PostKind.endorsement, .stateChange, .redaction] {
            #expect(refusal(try rules(target: target(kind)), try post(body(), by: other)) == .invalid, "\(kind)")
        }
        #expect(refusal(try rules(target: target(), isWithin: false), try post(body(), by: other)) == .widerThanTarget)
        let narrow = try post(body(), by: other, marking: .red)
        #expect(refusal(try rules(target: target()), narrow) == .narrowerThanThread)
    }

    @Test func `with a lesson its revisions and their translations go, with a revision its translations`() throws {
        var projection = try rules().projection
        projection.texts.append(ThreadProjection.Text(post: id(1), title: "Revised"))
        projection.translations = [
            ThreadProjection.Translated(post: id(2), source: lessonID, language: "fr", isByMachine: false),
            ThreadProjection.Translated(post: id(3), source: id(1), language: "de", isByMachine: true),
        ]
        #expect(projection.erased(with: id(1)) == [id(1), id(3)])
        #expect(projection.erased(with: lessonID) == [lessonID, id(1), id(2), id(3)])
        #expect(projection.erased(with: id(9)) == [id(9)])
        let redaction = Redaction(target: id(1), targetHash: [UInt8](repeating: 0, count: 32), reason: "")
        projection.apply(try post(.redaction(redaction), by: own), isForWholeThread: true)
        #expect(projection.title == "A lesson")
        #expect(projection.translations.map(\.post) == [id(2)])
    }
}
