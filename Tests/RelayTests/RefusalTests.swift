import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct RefusalTests {
    @Test func `each bad post gets its own error and the session lives on`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let other = try await relay.organisation("other")
            let connection = try await relay.connect(author)
            let good = try author.lesson("Good")

            var badSignature = try author.lesson("Bad signature").signed
            badSignature.content[badSignature.content.count - 1] ^= 1
            #expect(try await connection.refusal(of: badSignature)?.code != nil)
            var wrongSignature = try author.lesson("Wrong signature").signed
            wrongSignature.signature = good.signed.signature
            #expect(try await connection.refusal(of: wrongSignature)?.code == .badSignature)

            #expect(try await connection.refusal(of: other.lesson("Foreign").signed)?.code == .foreignAuthor)
            let foreignOrganisation = try author.lesson("Foreign organisation") {
                $0.organisation = other.organisation.slug
            }
            #expect(try await connection.refusal(of: foreignOrganisation.signed)?.code == .foreignAuthor)
            var foreignCertificate = try author.lesson("Foreign certificate").signed
            foreignCertificate.certificateFingerprint = try #require(other.certificate).fingerprint
            #expect(try await connection.refusal(of: foreignCertificate)?.code == .foreignCertificate)

            let unknownTopic = try author.lesson("Unknown topic", topic: "policing/unheard-of")
            #expect(try await connection.refusal(of: unknownTopic.signed)?.code == .unknownTopic)
            let incomplete = try author.lesson("Incomplete") { post in
                if case .lesson(var lesson) = post.body {
                    lesson.recommendation = "  "
                    post.body = .lesson(lesson)
                }
            }
            let refusal = try await connection.refusal(of: incomplete.signed)
            #expect(refusal?.code == .invalid)
            #expect(refusal?.field == "recommendation")
            // Field 8 is the marking, field 9 the audience that follows it.
            var content = try author.lesson("Unmarked").signed.content
            let marking = try #require(content.firstRange(of: [0x40, 0x02, 0x4A]))
            content.removeSubrange(marking.lowerBound..<marking.lowerBound + 2)
            let unmarked = try author.sign(content)
            #expect(try await connection.refusal(of: unmarked)?.field == "marking")
            let unknownAudience = try author.lesson(
                "Unknown audience", marking: .amber,
                audience: Audience(organisations: [try #require(OrganisationSlug("nobody"))]))
            #expect(try await connection.refusal(of: unknownAudience.signed)?.code == .unknownAudience)
            #expect(
                try await connection.refusal(of: author.comment("Nowhere", in: good.id).signed)?.code == .unknownThread)

            #expect(try await connection.refusal(of: good.signed) == nil)
            let again = try await connection.publish(good.signed)
            #expect(again.duplicate)
            #expect(again.sequence == 1)
            let conflict = try author.lesson("Other content", id: good.id)
            #expect(try await connection.refusal(of: conflict.signed)?.code == .conflict)
            let orphan = try author.comment("To nobody", in: good.id, parent: PostID(UUIDValue(high: 1, low: 1)))
            #expect(try await connection.refusal(of: orphan.signed)?.code == .unknownParent)
            let strayed = try author.comment("Elsewhere", in: good.id, topic: "media")
            #expect(try await connection.refusal(of: strayed.signed)?.code == .topicMismatch)

            #expect(try await connection.topics().first { $0.path == "policing/community" }?.posts == 1)
            await connection.close()
        }
    }

    @Test func `a reader cannot post and a member without a role cannot read`() async throws {
        try await TestRelay.with { relay in
            let reader = try await relay.organisation("readers", roles: [.reader])
            let connection = try await relay.connect(reader)
            #expect(try await connection.refusal(of: reader.lesson("No").signed)?.code == .forbidden)
            #expect(try await connection.topics().isEmpty == false)
            await #expect(throws: ClientError.self) { _ = try await connection.members(of: nil) }
            await #expect(throws: ClientError.self) {
                try await connection.addTopic(#require(Topic("mine")), description: "")
            }
            await connection.close()
        }
    }

    @Test func `an organisation's administrator manages only the own organisation and grants nothing above`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            _ = try await relay.organisation("theirs")
            let connection = try await relay.connect(chief)
            func invite(_ slug: String, _ role: WireRole) async throws -> WireErrorCode? {
                var invite = WireInvite()
                invite.organisation = slug
                invite.name = "New"
                invite.kind = .person
                invite.roles = [role]
                do throws(ClientError) {
                    _ = try await connection.invite(invite)
                    return nil
                } catch {
                    return error.code
                }
            }
            #expect(try await invite("ours", .contributor) == nil)
            #expect(try await invite("ours", .relayAdministrator) == .forbidden)
            #expect(try await invite("theirs", .contributor) == .forbidden)
            #expect(try await connection.invitations().allSatisfy { $0.organisation == "ours" })
            await connection.close()
        }
    }

    @Test func `frames that are broken, unknown, early or oversized are answered as the protocol says`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("member")
            do {
                let peer = try await RawPeer.connect(relay, member)
                try await peer.greet()
                // Field 200, which no version has: a request with id 7.
                try await peer.send([0x08, 0x07, 0xC2, 0x0C, 0x00])
                let unknown = try await peer.frame()
                #expect(unknown.requestID == 7)
                #expect(unknown.error.code == .unsupported)
                // ListAudit.action is text: bad UTF-8 in it keeps the session.
                try await peer.send([0x08, 0x09, 0xA2, 0x04, 0x03, 0x1A, 0x01, 0xFF])
                let badText = try await peer.frame()
                #expect(badText.requestID == 9)
                #expect(badText.error.code == .invalidUtf8)
                try await peer.send([0x08, 0x0A, 0x5A, 0x04, 0x0A, 0x02, 0xC3, 0x28])
                let invalid = try await peer.frame()
                #expect(invalid.requestID == 10)
                #expect(invalid.error.code == .invalidUtf8)
                var ping = WireFrame()
                ping.requestID = 11
                ping.ping.data = Data("still here".utf8)
                try await peer.send(ping)
                #expect(try await peer.frame().pong.data == Data("still here".utf8))
                try await peer.sendLength(1 << 30)
                #expect(try await peer.frame().goaway.code == .frameTooLarge)
                await peer.closed()
            }
            do {
                let peer = try await RawPeer.connect(relay, member)
                try await peer.send([0xFF, 0xFF, 0xFF])
                #expect(try await peer.frame().goaway.code == .malformedFrame)
                await peer.closed()
            }
            do {
                let peer = try await RawPeer.connect(relay, member)
                var early = WireFrame()
                early.requestID = 1
                early.listTopics = WireListTopics()
                try await peer.send(early)
                #expect(try await peer.frame().goaway.code == .helloExpected)
                await peer.closed()
            }
            do {
                let peer = try await RawPeer.connect(relay, member)
                var hello = WireFrame()
                hello.hello.minVersion = 9
                hello.hello.maxVersion = 12
                try await peer.send(hello)
                #expect(try await peer.frame().goaway.code == .versionUnsupported)
                await peer.closed()
            }
        }
    }
}
