import Dispatch
import Foundation
import LessonModel
import NIOCore
import NIOPosix
import PKI
import RelayClient
import RelayTestSupport
import Storage
import TLS
import Testing
import Wire

@testable import Relay

/// What a hostile member or stranger tries, and the races that would help one.
@Suite struct ReviewTests {
    @Test func `a revocation stays in force whatever else reads the membership again at the same time`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let admin = try await relay.connect(relay.admin)
            let membership = relay.server.membership
            var identity = member
            for _ in 0..<25 {
                let session = try await relay.connect(identity)
                let renewed = try await Enrolment.renew(identity, over: session, now: relay.clock.now / 1_000)
                let fingerprint = try #require(identity.certificate).fingerprint
                let stop = Flag()
                let readers = DispatchGroup()
                for _ in 0..<2 {
                    DispatchQueue.global().async(group: readers) {
                        while !stop.isSet {
                            try? membership.reload()
                            try? membership.refresh(.member(member.member.id))
                        }
                    }
                }
                var revoke = WireRevokeCertificates()
                revoke.fingerprint = fingerprint.asData
                _ = try await admin.revokeCertificates(revoke)
                stop.set()
                await withCheckedContinuation { done in readers.notify(queue: .global()) { done.resume() } }
                #expect(!membership.holds(fingerprint, identity.member.id))
                await session.close()
                identity = renewed
            }
            await admin.close()
        }
    }

    @Test func `a member who is revoked while renewing is left without a certificate`() async throws {
        try await TestRelay.with { relay in
            let admin = try await relay.connect(relay.admin)
            var revoked: Set<MemberID> = []
            for round in 0..<8 {
                let member = try await relay.organisation("ours-\(round)")
                let request = try CertificateSigningRequest.make(key: member.key, commonName: "lessons").der.asData
                var peers: [RawPeer] = []
                for _ in 0..<3 {
                    let peer = try await RawPeer.connect(relay, member)
                    try await peer.greet()
                    for id in 1...16 {
                        var frame = WireFrame()
                        frame.requestID = UInt64(id)
                        frame.renew.certificateRequest = request
                        try await peer.send(frame)
                    }
                    peers.append(peer)
                }
                var revoke = WireRevokeCertificates()
                revoke.memberID = member.member.id.bytes.asData
                _ = try await admin.revokeCertificates(revoke)
                for peer in peers { await peer.closed() }
                revoked.insert(member.member.id)
            }
            await admin.close()
            // What was under way is over after this.
            await relay.stop()
            for member in revoked {
                #expect(relay.server.membership.certificateCount(of: member, now: relay.clock.now) == 0)
            }
        }
    }

    @Test func `a member cannot gather certificates without end`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            for _ in 1..<RelayCore.maxCertificatesPerMember {
                _ = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000)
            }
            await #expect {
                _ = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000)
            } throws: { error in
                (error as? ClientError)?.code == .limitExceeded
            }
            await session.close()
        }
    }

    @Test func `renewing and revoking again and again does not fill the revocation lists`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let administrator = try await relay.connect(relay.admin)
            let session = try await relay.connect(member)
            var refusal: WireErrorCode?
            for _ in 0...RelayCore.maxRenewals where refusal == nil {
                do {
                    let renewed = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000)
                    var revoke = WireRevokeCertificates()
                    revoke.fingerprint = Data(try #require(renewed.certificate).fingerprint)
                    _ = try await administrator.request(.revokeCertificates(revoke))
                } catch {
                    refusal = (error as? ClientError)?.code
                }
            }
            #expect(refusal == .limitExceeded)
            relay.clock.advance(by: 25 * 3_600_000)
            _ = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000)
            await session.close()
            await administrator.close()
        }
    }

    @Test func `a read that an earlier stream of the connection began is not taken for the next one's`() throws {
        func stream(after: SequenceNumber, generation: Int) throws -> DeliveryStream {
            let viewer = Viewer(
                member: MemberID(UUIDValue(high: 1, low: 1)), organisation: try #require(OrganisationSlug("ours")))
            var stream = DeliveryStream(
                viewer: viewer, durable: "", filters: [SubscriptionFilter(topics: [try TopicFilter("#")])],
                after: after,
                generation: generation)
            stream.grant(posts: 10, bytes: 10_000)
            return stream
        }
        var first = try stream(after: 0, generation: 0)
        let early = first.beginRead(isWritable: true)
        var second = try stream(after: 50, generation: first.generation)
        let due = second.beginRead(isWritable: true)
        let stale = try second.finishRead(
            #require(early), posts: 3, bytes: 30, scannedThrough: 100, loopHead: 100)
        #expect(!stale)
        let current = try second.finishRead(#require(due), posts: 3, bytes: 30, scannedThrough: 100, loopHead: 100)
        #expect(current)
    }

    @Test func `an acknowledgement on its way to the disk is known, and comes back when it does not arrive`() {
        let book = CursorBook()
        let member = MemberID(UUIDValue(high: 1, low: 1))
        book.acknowledge(member, "desk", through: 7)
        #expect(book.takeDirty().map(\.through) == [7])
        #expect(book.pending(member, "desk") == 7)
        #expect(book.takeDirty().isEmpty)
        book.settle(isStored: false)
        book.acknowledge(member, "desk", through: 5)
        #expect(book.takeDirty().map(\.through) == [7])
        book.settle(isStored: true)
        #expect(book.pending(member, "desk") == nil)
    }

    @Test func `a revoked member does not come back by an invitation made before`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            var invite = WireInvite()
            invite.memberID = member.member.id.bytes.asData
            let text = try await session.invite(invite).invitation
            let admin = try await relay.connect(relay.admin)
            var revoke = WireRevokeCertificates()
            revoke.memberID = member.member.id.bytes.asData
            _ = try await admin.revokeCertificates(revoke)
            await #expect { _ = try await relay.join(text) } throws: { error in
                (error as? ClientError)?.code == .invitationRevoked
            }
            await admin.close()
        }
    }

    @Test func `nothing of a revoked member is stored after the revocation was confirmed`() async throws {
        try await TestRelay.with { relay in
            let admin = try await relay.connect(relay.admin)
            for round in 0..<4 {
                let member = try await relay.organisation("ours-\(round)")
                let session = try await relay.connect(member)
                let posts = try (0..<200).map { try member.lesson("Lesson \($0)").signed }
                let responses = posts.map { session.submitPublish($0) }
                _ = try await RelayConnection.published(#require(responses.first))
                var revoke = WireRevokeCertificates()
                revoke.memberID = member.member.id.bytes.asData
                _ = try await admin.revokeCertificates(revoke)
                let stored = try #require(
                    try await admin.topics().first { $0.path == "policing/community" }?.posts)
                // Ours is behind theirs in the queue.
                _ = try await admin.publish(relay.admin.lesson("Ours", topic: "media").signed)
                let now = try #require(try await admin.topics().first { $0.path == "policing/community" }?.posts)
                #expect(now == stored)
            }
            await admin.close()
        }
    }

    @Test func `naming clients ends no session, nor does a revocation elsewhere afterwards`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let other = try await relay.organisation("theirs")
            let session = try await relay.connect(member)
            let admin = try await relay.connect(relay.admin)
            try await admin.setClients(
                [try #require(OrganisationSlug("theirs"))], of: try #require(OrganisationSlug("ours")))
            var revoke = WireRevokeCertificates()
            revoke.memberID = other.member.id.bytes.asData
            #expect(try await admin.revokeCertificates(revoke).sessions == 0)
            #expect(try await session.publish(member.lesson("Still here").signed).sequence == 1)
            for connection in [session, admin] { await connection.close() }
        }
    }

    @Test func `posts are fetched in the order of the log`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            var ids: [PostID] = []
            for index in 1...3 {
                let lesson = try member.lesson("Lesson \(index)")
                ids.append(lesson.id)
                _ = try await session.publish(lesson.signed)
            }
            #expect(try await session.posts([ids[2], ids[0], ids[1]]).map(\.sequence) == [1, 2, 3])
            await session.close()
        }
    }

    @Test func `the signature of a waiting post counts against the bytes that may wait`() async throws {
        var limits = RelayLimits()
        limits.maxPendingBytes = 100 << 10
        try await TestRelay.with(limits: limits) { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            var post = try member.lesson("Long signature").signed
            post.signature = Array(repeating: 1, count: 200 << 10)
            #expect(try await session.refusal(of: post)?.code == .overloaded)
            await session.close()
        }
    }

    @Test func `a stranger who sends nonsense on the enrolment port is cut off`() async throws {
        try await TestRelay.with { relay in
            let stranger = try await RawPeer.stranger(relay)
            try await stranger.greet()
            // Frames without a body, which are answered one by one.
            for _ in 0..<40 { try? await stranger.send(WireFrame()) }
            var errors = 0
            while true {
                let frame = try await stranger.frame()
                if case .goaway(let goaway) = frame.body {
                    #expect(goaway.code == .limitExceeded)
                    break
                }
                errors += 1
            }
            #expect(errors <= 16)
            await stranger.closed()
        }
    }

    @Test func `a batch of large posts is not written to a peer that does not read`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let slow = try await RawPeer.connect(relay, author)
            try await slow.greet()
            var subscribe = WireFrame()
            subscribe.requestID = 2
            subscribe.subscribe.filters = [.init()]
            subscribe.subscribe.filters[0].topics = ["#"]
            subscribe.subscribe.credit.posts = 100_000
            subscribe.subscribe.credit.bytes = 1 << 40
            try await slow.send(subscribe)
            _ = try await slow.frame()
            #expect(try await slow.frame().hasCaughtUp)
            try await slow.setReading(false)
            let connection = try await relay.connect(author)
            let text = String(repeating: "x", count: 120 << 10)
            let posts = try (0..<90).map { index in
                try author.lesson("Lesson \(index)") { post in
                    post.body = .lesson(
                        Lesson(
                            title: "Lesson \(index)", observation: text, discussion: text, conclusion: text,
                            recommendation: text))
                }.signed
            }
            let responses = posts.map { connection.submitPublish($0) }
            for response in responses { _ = try await RelayConnection.published(response) }
            let written = relay.server.counters.deliveries.value
            #expect(written < 40)
            try await slow.setReading(true)
            var sequences: [SequenceNumber] = []
            while sequences.count < posts.count {
                let frame = try await slow.frame()
                if frame.hasDeliver { sequences.append(frame.deliver.post.sequence) }
            }
            #expect(sequences == Array(1...SequenceNumber(posts.count)))
            await connection.close()
        }
    }
}

/// Set once, read from any thread.
private final class Flag: Sendable {
    private let counter = AtomicCounter()
    var isSet: Bool { counter.value > 0 }
    func set() { counter.add(1) }
}
