import LessonModel
import TestSupport
import Testing

@Suite struct VisibilityTests {
    /// Organisations a0 to a4 with two members each; a1 has the client a3, a3 the client a4.
    private struct World {
        let slugs = (0..<5).compactMap { OrganisationSlug("a\($0)") }

        func member(_ organisation: Int, _ number: Int) -> MemberID {
            MemberID(UUIDValue(high: UInt64(organisation), low: UInt64(number)))
        }

        func home(_ member: MemberID) -> OrganisationSlug? {
            member.uuid.high < UInt64(slugs.count) ? slugs[Int(member.uuid.high)] : nil
        }

        func clients(_ slug: OrganisationSlug) -> Set<OrganisationSlug> {
            switch slug.text {
            case "a1": [slugs[3]]
            case "a3": [slugs[4]]
            default: []
            }
        }

        var viewers: [Viewer] {
            slugs.indices.flatMap { index in
                (0..<2).map { Viewer(member: member(index, $0), organisation: slugs[index]) }
            }
        }

        /// The numbers of those who may see it: organisation and member.
        func seers(_ visibility: Visibility) -> [String] {
            viewers.filter { visibility.allows($0, clients: clients) }.map { "\($0.organisation)\($0.member.uuid.low)" }
        }
    }

    private let world = World()

    /// Of member 0 of organisation a0.
    private func post(_ marking: Marking, organisations: [Int] = [], members: [MemberID] = []) -> Visibility {
        Visibility(
            marking: marking,
            audience: Audience(organisations: Set(organisations.map { world.slugs[$0] }), members: Set(members)),
            author: world.member(0, 0), organisation: world.slugs[0])
    }

    @Test func `CLEAR and GREEN are seen by every member`() {
        #expect(world.seers(post(.clear)).count == 10)
        #expect(world.seers(post(.green)).count == 10)
    }

    @Test func `AMBER is seen by the author's organisation, the audience and the audience's own clients`() {
        #expect(world.seers(post(.amber, organisations: [1])) == ["a00", "a01", "a10", "a11", "a30", "a31"])
        #expect(world.seers(post(.amber, organisations: [3])) == ["a00", "a01", "a30", "a31", "a40", "a41"])
        #expect(world.seers(post(.amber)) == ["a00", "a01"])
    }

    @Test func `AMBER+STRICT is seen by the author's organisation and the audience, and no client`() {
        #expect(world.seers(post(.amberStrict, organisations: [1])) == ["a00", "a01", "a10", "a11"])
        #expect(world.seers(post(.amberStrict)) == ["a00", "a01"])
    }

    @Test func `RED is seen by its author and the members named, and not by their colleagues`() {
        #expect(world.seers(post(.red, members: [world.member(2, 1)])) == ["a00", "a21"])
        #expect(world.seers(post(.red)) == ["a00"])
    }

    @Test func `an audience of the wrong kind opens nothing`() {
        #expect(world.seers(post(.red, organisations: [1])) == ["a00"])
        #expect(world.seers(post(.amberStrict, members: [world.member(1, 0)])) == ["a00", "a01"])
        #expect(world.seers(post(.amber, members: [world.member(1, 0)])) == ["a00", "a01"])
    }

    private func admits(_ lesson: Visibility, _ reply: Visibility) -> Bool {
        lesson.admits(reply: reply, clients: world.clients, organisationOf: world.home)
    }

    @Test func `a reply is never marked wider than its thread`() {
        let narrower: [Marking: Set<Marking>] = [
            .clear: Set(Marking.allCases), .green: [.green, .amber, .amberStrict, .red],
            .amber: [.amber, .amberStrict, .red], .amberStrict: [.amberStrict, .red], .red: [.red],
        ]
        for marking in Marking.allCases {
            for reply in Marking.allCases {
                #expect(admits(post(marking), post(reply)) == narrower[marking]?.contains(reply), "\(marking) \(reply)")
            }
        }
    }

    @Test func `a reply names only those who may see its thread`() {
        let lesson = post(.amber, organisations: [1])
        #expect(admits(lesson, post(.amber, organisations: [0, 1, 3])))
        #expect(!admits(lesson, post(.amber, organisations: [4])))
        #expect(!admits(lesson, post(.amberStrict, organisations: [2])))
        #expect(admits(lesson, post(.red, members: [world.member(3, 1)])))
        #expect(!admits(lesson, post(.red, members: [world.member(2, 0)])))
        #expect(!admits(lesson, post(.red, members: [world.member(77, 0)])), "an unknown member")
        let strict = post(.amberStrict, organisations: [1])
        #expect(!admits(strict, post(.amberStrict, organisations: [3])), "a client of the audience")
        let red = post(.red, members: [world.member(1, 0)])
        #expect(admits(red, post(.red, members: [world.member(1, 0)])))
        #expect(!admits(red, post(.red, members: [world.member(1, 1)])), "a colleague")
    }

    @Test func `a post that reaches all of another is seen by everybody who sees that one, whoever has which clients`()
    {
        var random = SeededRandom(for: "reach")
        var reaching = 0
        for _ in 0..<20_000 {
            let (post, other) = (anyPost(&random), anyPost(&random))
            guard post.reachesAll(of: other) else { continue }
            reaching += 1
            var clients: [OrganisationSlug: Set<OrganisationSlug>] = [:]
            for slug in world.slugs { clients[slug] = random.chance(percent: 40) ? [random.pick(world.slugs)] : [] }
            for viewer in world.viewers where other.allows(viewer, clients: { clients[$0] ?? [] }) {
                #expect(
                    post.allows(viewer, clients: { clients[$0] ?? [] }),
                    "seed \(random.seed): \(post) \(other) \(viewer)")
            }
        }
        #expect(reaching > 5_000)
        #expect(post(.amber, organisations: [1]).reachesAll(of: post(.amber, organisations: [1])))
        #expect(!post(.amberStrict, organisations: [1]).reachesAll(of: post(.amber, organisations: [1])))
        #expect(!post(.red).reachesAll(of: post(.amberStrict)))
    }

    private func anyPost(_ random: inout SeededRandom) -> Visibility {
        let marking = random.pick(Marking.allCases)
        let author = Int.random(in: 0..<5, using: &random)
        var audience = Audience()
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let organisation = Int.random(in: 0..<5, using: &random)
            if marking == .red {
                audience.members.insert(world.member(organisation, Int.random(in: 0..<2, using: &random)))
            } else if !marking.isForAllMembers {
                audience.organisations.insert(world.slugs[organisation])
            }
        }
        return Visibility(
            marking: marking, audience: audience, author: world.member(author, 0), organisation: world.slugs[author])
    }

    @Test func `an admitted reply reaches past its thread only the clients of those an AMBER reply names`() {
        var random = SeededRandom(for: "admitted replies")
        var admitted = 0
        var beyond = 0
        for _ in 0..<20_000 {
            let (lesson, reply) = (anyPost(&random), anyPost(&random))
            let author = Viewer(member: reply.author, organisation: reply.organisation)
            // The relay refuses a reply of somebody who may not see the lesson before it asks this.
            guard lesson.allows(author, clients: world.clients), admits(lesson, reply) else { continue }
            admitted += 1
            for viewer in world.viewers
            where reply.allows(viewer, clients: world.clients) && !lesson.allows(viewer, clients: world.clients) {
                beyond += 1
                let isClient = reply.audience.organisations.contains { world.clients($0).contains(viewer.organisation) }
                #expect(reply.marking == .amber && isClient, "seed \(random.seed): \(lesson) \(reply) \(viewer)")
            }
        }
        #expect(admitted > 1_000)
        #expect(beyond > 0, "the exception that the documentation names occurs")
    }
}
