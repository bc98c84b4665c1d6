import LessonModel
import TestSupport
import Testing

@testable import Storage

/// Posts that wait for a curator: one answer for each, and one decision.
struct HeldPostTests {
    private let fixture: Fixture
    private let store: RelayStore
    private let police: Viewer

    init() throws {
        fixture = try Fixture()
        store = fixture.store
        police = try fixture.member()
        try moderate(true)
    }

    private func moderate(_ isModerated: Bool) throws {
        try store.changeTopic(
            Fixture.topics[0], description: nil, isArchived: nil, isModerated: isModerated, audit: fixture.audit())
    }

    private func outcome(_ request: AppendRequest) throws -> String {
        try store.append([request], receivedAt: fixture.tick())[0].name
    }

    private func held() throws -> (request: AppendRequest, number: Int64) {
        let request = fixture.request(fixture.lesson(by: police))
        #expect(try outcome(request) == "held")
        return (request, try #require(try store.heldPosts(limit: 1).first).number)
    }

    private func approved(_ request: AppendRequest) -> AppendRequest {
        var request = request
        request.approval = fixture.audit("post.approve")
        return request
    }

    @Test(arguments: [HeldPost.State.returned, .rejected])
    func `what one curator has decided, another does not let through`(_ state: HeldPost.State) throws {
        let (request, number) = try held()
        try store.decide(held: number, state, reason: "no", audit: fixture.audit())
        #expect(try outcome(approved(request)) == "notWaiting")
        #expect(store.head() == 0)
        #expect(try store.heldPost(number)?.state == state)
    }

    @Test func `what one curator has let through, another lets through and decides no more`() throws {
        let (request, number) = try held()
        #expect(try outcome(approved(request)) == "appended")
        #expect(try outcome(approved(request)) == "duplicate")
        #expect(throws: StorageError.notFound("post that waits under this number")) {
            try store.decide(held: number, .rejected, reason: "no", audit: fixture.audit())
        }
        #expect(try store.audit(limit: 100).filter { $0.action == "post.approve" }.count == 1)
    }

    @Test func `what is held waits on when its topic is open again or its author curates it`() throws {
        let (request, number) = try held()
        try moderate(false)
        #expect(try outcome(request) == "held")
        var curating = request
        curating.rights = ThreadRights(isCurator: true)
        #expect(try outcome(curating) == "held")
        #expect(store.head() == 0)
        #expect(try outcome(approved(request)) == "appended")
        #expect(try store.heldPost(number)?.state == .approved)
        #expect(try outcome(request) == "duplicate")
    }

    @Test func `what is held has its answer after its topic was archived`() throws {
        let (request, _) = try held()
        try store.changeTopic(
            Fixture.topics[0], description: nil, isArchived: true, isModerated: nil, audit: fixture.audit())
        #expect(try outcome(request) == "held")
        #expect(try outcome(approved(request)) == "unknownTopic")
    }
}
