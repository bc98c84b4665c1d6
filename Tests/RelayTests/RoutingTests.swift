import LessonModel
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct RoutingTests {
    /// Five viewers and one author. Who sees what is product.md's table, written out by hand.
    struct Case: CustomTestStringConvertible, Sendable {
        let marking: Marking
        /// Of: author, colleague of the author, named organisation, its client, named member's colleague, stranger.
        let sees: [Bool]
        var testDescription: String { marking.label }
    }

    static let cases = [
        Case(marking: .clear, sees: [true, true, true, true, true, true]),
        Case(marking: .green, sees: [true, true, true, true, true, true]),
        Case(marking: .amber, sees: [true, true, true, true, true, false]),
        Case(marking: .amberStrict, sees: [true, true, true, false, true, false]),
        Case(marking: .red, sees: [true, false, true, false, false, false]),
    ]

    @Test(arguments: cases)
    func `a post and its reply reach those its marking allows, on every path, and nobody else`(_ test: Case)
        async throws
    {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let named = try await relay.organisation("named")
            let identities = [
                author, try await relay.member(of: "author", name: "colleague"), named,
                try await relay.organisation("client"), try await relay.member(of: "named", name: "other"),
                try await relay.organisation("stranger"),
            ]
            let admin = try await relay.connect(relay.admin)
            try await admin.setClients(
                [try #require(OrganisationSlug("client"))], of: try #require(OrganisationSlug("named")))
            var viewers: [RelayConnection] = []
            for identity in identities {
                let viewer = try await relay.connect(identity)
                try await viewer.open()
                #expect(try await viewer.untilCaughtUp().isEmpty)
                viewers.append(viewer)
            }
            let audience: Audience =
                switch test.marking {
                case .clear, .green: .everybody
                case .amber, .amberStrict: Audience(organisations: [named.organisation.slug])
                case .red: Audience(members: [named.member.id])
                }
            let lesson = try author.lesson("Marked", marking: test.marking, audience: audience)
            let replyAudience =
                test.marking == .red ? Audience(members: [named.member.id, author.member.id]) : audience
            let reply = try author.comment("Reply", in: lesson.id, marking: test.marking, audience: replyAudience)
            // Everybody sees the last one: whoever has it has been passed over before.
            let end = try author.lesson("For all", topic: "media")
            for post in [lesson, reply, end] { _ = try await viewers[0].publish(post.signed) }

            for (index, viewer) in viewers.enumerated() {
                let expected = test.sees[index] ? [lesson.signed, reply.signed, end.signed] : [end.signed]
                var live: [SignedPost] = []
                while live.last != end.signed { live.append(try await viewer.nextPost().post) }
                #expect(live == expected, "live, viewer \(index)")

                let late = try await relay.connect(identities[index])
                try await late.open()
                #expect(try await late.untilCaughtUp().map(\.post) == expected, "backlog, viewer \(index)")
                await late.close()

                let threads = try await viewer.threads(filter: nil, organisation: nil, before: 0, limit: 0).threads
                #expect(threads.map(\.title).sorted() == (test.sees[index] ? ["For all", "Marked"] : ["For all"]))
                #expect(threads.first { $0.title == "Marked" }?.posts == (test.sees[index] ? 2 : nil))
                let found = try await viewer.find("marked")
                let titles = found.hits.map(\.thread.title)
                #expect(titles == (test.sees[index] ? ["Marked"] : []), "search, viewer \(index)")
                #expect(found.threads == (test.sees[index] ? 1 : 0))
                #expect(try await viewer.find("reply").hits.count == (test.sees[index] ? 1 : 0))
                let topic = try #require(try await viewer.topics().first { $0.path == "policing/community" })
                #expect(topic.threads == (test.sees[index] ? 1 : 0))
                #expect(topic.posts == (test.sees[index] ? 2 : 0))
                #expect(topic.lastSequence == (test.sees[index] ? 2 : 0))
                #expect(try await viewer.posts([lesson.id, reply.id]).count == (test.sees[index] ? 2 : 0))
                let page = try? await viewer.thread(lesson.id, after: 0, limit: 0)
                #expect(page?.posts.count == (test.sees[index] ? 2 : nil), "thread, viewer \(index)")
                if !test.sees[index] {
                    // Posting into it says no more than that there is nothing.
                    let probe = try identities[index].comment("Is there something?", in: lesson.id)
                    #expect(try await viewer.refusal(of: probe.signed)?.code == .unknownThread)
                }
                await viewer.close()
            }
            await admin.close()
        }
    }

    @Test func `a reply cannot reach further than its thread`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let named = try await relay.organisation("named")
            let other = try await relay.organisation("other")
            let connection = try await relay.connect(author)
            let audience = Audience(organisations: [named.organisation.slug])
            let strict = try author.lesson("Strict", marking: .amberStrict, audience: audience)
            _ = try await connection.publish(strict.signed)
            for (marking, wide) in [
                (Marking.clear, Audience.everybody), (.green, .everybody), (.amber, audience),
                (.amberStrict, Audience(organisations: [other.organisation.slug])),
                (.red, Audience(members: [other.member.id])),
            ] {
                let reply = try author.comment("Wider", in: strict.id, marking: marking, audience: wide)
                #expect(try await connection.refusal(of: reply.signed)?.code == .widerThanThread, "\(marking.label)")
            }
            let narrow = try author.comment(
                "Narrower", in: strict.id, marking: .red, audience: Audience(members: [named.member.id]))
            #expect(try await connection.refusal(of: narrow.signed) == nil)
            await connection.close()
        }
    }

    @Test func `filters select by topic, country, language and kind, and exclude`() async throws {
        try await TestRelay.with { relay in
            let police = try await relay.organisation("police", country: "AL", kind: .police)
            let press = try await relay.organisation("press", country: "GE", kind: .media)
            let viewer = try await relay.connect(relay.admin)
            var filter = WireFilter()
            filter.topics = ["policing/#", "!policing/reform"]
            filter.countries = ["GE"]
            var second = WireFilter()
            second.topics = ["media"]
            second.organisationKinds = [.police]
            var request = WireSubscribe()
            request.filters = [filter, second]
            request.afterSequence = 0
            request.credit.posts = 100
            request.credit.bytes = 1 << 20
            _ = try await viewer.subscribe(request)
            #expect(try await viewer.untilCaughtUp().isEmpty)
            let connections = [try await relay.connect(police), try await relay.connect(press)]
            for (index, identity) in [police, press].enumerated() {
                for topic in ["policing", "policing/reform", "policing/community", "media", "arms"] {
                    _ = try await connections[index].publish(identity.lesson("\(index) \(topic)", topic: topic).signed)
                }
            }
            var titles: [String] = []
            while titles.count < 3 {
                let post = try Post(content: try await viewer.nextPost().post.content)
                if case .lesson(let lesson) = post.body { titles.append(lesson.title) }
            }
            #expect(titles == ["0 media", "1 policing", "1 policing/community"])
            let late = try await relay.connect(relay.admin)
            _ = try await late.subscribe(request)
            #expect(try await late.untilCaughtUp().count == 3)
            for connection in connections + [viewer, late] { await connection.close() }
        }
    }
}
