import Foundation
import LessonModel
import NIOCore
import PKI
import TLS
import Wire

/// The members of a mixed day and what they do.
final class MixedDay {
    private struct Person {
        var member: BenchMember
        var context: TLSContext
    }

    private let relay: BenchRelay
    private let administrator: BenchPeer
    private var people: [Person] = []
    private var online: [(person: Int, peer: BenchPeer)] = []
    private var lessons: [(id: PostID, topic: Topic)] = []
    private let topics: [String]
    private(set) var postCount = 0
    private(set) var operationCount = 0

    var sessionCount: Int { online.count }

    init(_ relay: BenchRelay, organisations: Int) async throws {
        self.relay = relay
        administrator = try await relay.connect()
        topics = (0..<50).map { "day/t\($0)" }
        for topic in ["day"] + topics {
            var add = WireAddTopic()
            add.path = topic
            _ = try await administrator.request(.addTopic(add))
        }
        for number in 0..<organisations {
            var add = WireAddOrganisation()
            add.organisation.slug = "org-\(number)"
            add.organisation.name = "Organisation \(number)"
            add.organisation.country = ["AL", "AT", "MK", "RS", "UA"][number % 5]
            add.organisation.kind = .police
            _ = try await administrator.request(.addOrganisation(add))
            for _ in 0..<2 { people.append(try await join("org-\(number)")) }
        }
    }

    private func join(_ organisation: String) async throws -> Person {
        var invite = WireInvite()
        invite.organisation = organisation
        invite.name = "Member"
        invite.kind = .person
        invite.roles = [.contributor]
        guard case .invited(let invited) = try await administrator.request(.invite(invite)) else {
            throw BenchError.unexpectedAnswer
        }
        let member = try await BenchMember.join(try Wire.Invitation(text: invited.invitation), relay.group)
        return Person(member: member, context: try member.clientContext())
    }

    /// Posts so many lessons, reads all of them over several connections at once, and searches.
    func fill(_ posts: Int) async throws {
        guard posts > 0 else { return }
        for topic in topics {
            let load = try relay.member.posts(posts / topics.count, bytes: 2_048, topic: topic)
            try await administrator.pump(load, inFlight: 64)
        }
        var readers: [BenchPeer] = []
        for _ in 0..<8 { readers.append(try await relay.subscribe("day/#", after: 0, untilCaughtUp: false)) }
        for reader in readers { try await reader.caughtUp.get() }
        for _ in 0..<20 { for reader in readers { try await search(reader) } }
        for reader in readers { reader.close() }
        operationCount = 0
    }

    /// One hour's share.
    /// - Returns: how many requests, posts and connections there were.
    func hour(sessions: Int, posts: Int) async throws -> Int {
        let before = operationCount
        try await comeAndGo(sessions)
        for number in 0..<posts {
            guard let author = online.randomElement() else { break }
            try await post(by: author)
            if number.isMultiple(of: 3) { try await search(author.peer) }
            if number.isMultiple(of: 2) { try await read(author.peer) }
        }
        try await replaceCertificate()
        return operationCount - before
    }

    /// A third of the sessions end, and others come until there are so many.
    private func comeAndGo(_ sessions: Int) async throws {
        online.shuffle()
        let staying = min(online.count * 2 / 3, sessions)
        for session in online.dropFirst(staying) { session.peer.close() }
        online = Array(online.prefix(staying))
        while online.count < sessions {
            let person = Int.random(in: people.indices)
            var filter = WireFilter()
            switch Int.random(in: 0..<4) {
            case 0: filter.topics = ["day/#"]
            case 1: filter.topics = topics.shuffled().prefix(5).map(\.self)
            case 2:
                filter.topics = ["day/+"]
                filter.countries = ["AL", "AT"]
            default: filter.topics = ["day/#", "!" + topics[Int.random(in: topics.indices)]]
            }
            online.append((person, try await relay.subscribe(filter, as: people[person].context)))
            operationCount += 1
        }
    }

    private func post(by author: (person: Int, peer: BenchPeer)) async throws {
        let member = people[author.person].member
        let body: WireFrame.OneOf_Body
        if let lesson = lessons.suffix(200).randomElement(), Bool.random() {
            body = try member.comment("We tried it, and it held. ", on: lesson.id, topic: lesson.topic)
        } else {
            guard let topic = topics.randomElement().flatMap({ Topic($0) }) else { return }
            let text = String(repeating: "What happened, why it matters. ", count: .random(in: 4...120))
            let marking: Marking = [.green, .green, .green, .amber, .red][Int.random(in: 0..<5)]
            let (id, made) = try member.lesson(
                Lesson(title: "Lesson \(postCount)", observation: text, recommendation: "Change it."), topic: topic,
                marking: marking)
            body = made
            if marking == .green { lessons.append((id, topic)) }
        }
        _ = try await author.peer.request(body)
        postCount += 1
        operationCount += 1
    }

    private func search(_ peer: BenchPeer) async throws {
        var search = WireSearch()
        search.text = ["matters", "lesson \(Int.random(in: 0..<500))", "chang*"][Int.random(in: 0..<3)]
        _ = try await peer.request(.search(search))
        operationCount += 1
    }

    private func read(_ peer: BenchPeer) async throws {
        var list = WireListThreads()
        list.limit = 50
        _ = try await peer.request(.listThreads(list))
        guard let lesson = lessons.randomElement() else { return }
        var fetch = WireFetchThread()
        fetch.threadID = Data(lesson.id.bytes)
        _ = try await peer.request(.fetchThread(fetch))
        operationCount += 2
    }

    /// Somebody's certificate is revoked, which ends their sessions, and somebody new comes in their place.
    private func replaceCertificate() async throws {
        let index = Int.random(in: people.indices)
        var revoke = WireRevokeCertificates()
        revoke.memberID = Data(people[index].member.id.bytes)
        revoke.reason = "superseded"
        _ = try await administrator.request(.revokeCertificates(revoke))
        for session in online where session.person == index { session.peer.close() }
        online.removeAll { $0.person == index }
        people[index] = try await join(people[index].member.organisation.text)
        operationCount += 2
    }
}
