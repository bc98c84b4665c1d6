import Foundation
import LessonModel
import NIOCore
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

/// Every administrative frame of lessons.proto, tried by an organisation administrator on another organisation.
@Suite struct ForeignOrganisationTests {
    /// Frames of the administrative numbers that answer.
    private static let answers: Set<String> = [
        "invited", "invitation_list", "revoked", "suspension_set", "organisation_summary_list", "member_summary_list",
        "audit_page", "done", "audit_verification", "status", "removed", "released", "names_erased",
    ]
    /// Where lessons.proto puts what only administrators may ask.
    private static let administrativeNumbers = Set(50...79).union(100...129).union([143])
    /// Frames of members among the numbers from 40 on; statistics count the posts that are for whoever asks.
    private static let membership: Set<String> = [
        "enrol", "enrolled", "renew", "fetch_statistics", "statistics", "list_owed", "list_held", "held_list",
        "decide_held", "flag_post", "list_flags", "flag_list", "close_flag", "blob_open", "blob_have", "blob_chunk",
        "blob_done", "blob_get",
    ]

    @Test
    func `an organisation administrator can do and learn nothing of another organisation by any administrative frame`()
        async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let victim = try await relay.organisation("zz-victim", roles: [.organisationAdministrator])
            _ = try await relay.invite("zz-victim", "Secret Invited", [.contributor])
            let admin = try await relay.connect(relay.admin)
            let invitation = try #require(try await admin.invitations().first { $0.name == "Secret Invited" })
            let requests = requests(
                against: victim, fingerprint: try #require(victim.certificate).fingerprint,
                invitation: invitation.invitationID)
            let connection = try await relay.connect(chief)
            // The audit log comes first: afterwards it rightly holds what the administrator has tried in vain.
            let frames = try administrativeFrames().filter { !Self.answers.contains($0) }
            for name in frames.filter({ $0 == "list_audit" }) + frames.filter({ $0 != "list_audit" }) {
                let tries = try #require(requests[name], "no try at \(name): add one to this test")
                for body in tries { await attempt(body, name, connection, victim) }
            }
            let after = try #require(try await admin.memberSummaries().first { $0.member.organisation == "zz-victim" })
            #expect(!after.member.suspended)
            #expect(after.member.roles == [.organisationAdministrator])
            #expect(after.certificates == 1)
            #expect(try await admin.invitations().first { $0.name == "Secret Invited" }?.revokedAtMs == 0)
            let organisation = try await admin.organisations().first { $0.slug == "zz-victim" }
            #expect(organisation?.suspended == false)
            #expect(organisation?.clients == [])
            #expect(organisation?.name == "zz-victim")
            #expect(organisation?.contact == "")
            for connection in [admin, connection] { await connection.close() }
        }
    }

    @Test func `members and organisations of others are listed without roles, curated topics and clients`() async throws
    {
        try await TestRelay.with { relay in
            let chief = try await relay.organisation("ours", roles: [.organisationAdministrator])
            let victim = try await relay.organisation("zz-victim", roles: [.curator])
            let admin = try await relay.connect(relay.admin)
            let topic = try #require(Topic("policing/community"))
            try await admin.setRoles([.curator], curating: [topic], of: victim.member.id)
            let slug = try #require(OrganisationSlug("zz-victim"))
            try await admin.setClients([try #require(OrganisationSlug("ours"))], of: slug)
            let connection = try await relay.connect(chief)
            let seen = try #require(try await connection.members().first { $0.organisation == "zz-victim" })
            #expect(seen.roles.isEmpty)
            #expect(seen.curatedTopics.isEmpty)
            let one = try #require(try await connection.member(victim.member.id))
            #expect(one == seen)
            #expect(try await connection.organisations().first { $0.slug == "zz-victim" }?.clients == [])
            let told = try #require(try await admin.member(victim.member.id))
            #expect(told.roles == [.curator])
            #expect(told.curatedTopics == ["policing/community"])
            for connection in [admin, connection] { await connection.close() }
        }
    }

    /// It is refused, or the answer holds nothing of the victim.
    private func attempt(
        _ body: WireFrame.OneOf_Body, _ name: String, _ connection: RelayConnection, _ victim: ClientIdentity
    ) async {
        do {
            var answer = WireFrame()
            answer.body = try await connection.request(body)
            let bytes = Array(answer.encoded().readableBytesView)
            for secret in [Array("zz-victim".utf8), victim.member.id.bytes, Array("Secret Invited".utf8)] {
                #expect(bytes.firstRange(of: secret) == nil, "\(name) tells of another organisation")
            }
            #expect(body.isListing, "\(name) was done")
        } catch {
            #expect(error.code == .forbidden || error.code == .notFound, "\(name): \(error)")
        }
    }

    private func requests(
        against victim: ClientIdentity, fingerprint: [UInt8], invitation: Data
    ) -> [String: [WireFrame.OneOf_Body]] {
        let slug = "zz-victim"
        let id = Data(victim.member.id.bytes)
        func frame(_ set: (inout WireFrame) -> Void) -> WireFrame.OneOf_Body {
            var frame = WireFrame()
            set(&frame)
            return frame.body ?? .done(WireDone())
        }
        return [
            "invite": [
                frame {
                    $0.invite.organisation = slug
                    $0.invite.name = "Intruder"
                },
                frame { $0.invite.memberID = id },
            ],
            "list_invitations": [
                .listInvitations(WireListInvitations()), frame { $0.listInvitations.open = true },
            ],
            "revoke_invitation": [frame { $0.revokeInvitation.invitationID = invitation }],
            "add_organisation": [
                frame {
                    $0.addOrganisation.organisation.slug = "new"
                    $0.addOrganisation.organisation.name = "New"
                    $0.addOrganisation.organisation.kind = .other
                }
            ],
            "change_topic": [
                frame {
                    $0.changeTopic.path = "policing/community"
                    $0.changeTopic.archived = true
                }
            ],
            "add_topic": [frame { $0.addTopic.path = "policing/new" }],
            "set_clients": [
                frame {
                    $0.setClients.organisation = slug
                    $0.setClients.clients = ["ours"]
                }
            ],
            "revoke_certificates": [
                frame { $0.revokeCertificates.fingerprint = Data(fingerprint) },
                frame { $0.revokeCertificates.memberID = id }, frame { $0.revokeCertificates.organisation = slug },
                frame {
                    $0.revokeCertificates.fingerprint = Data(fingerprint)
                    $0.revokeCertificates.reason = "certificateHold"
                },
            ],
            "list_certificates": [
                frame { $0.listCertificates.organisation = slug }, .listCertificates(WireListCertificates()),
                frame { $0.listCertificates.memberID = id }, frame { $0.listCertificates.search = "zz-victim" },
                frame { $0.listCertificates.search = String(Hex.text(of: fingerprint).prefix(12)) },
            ],
            "change_organisation": [
                frame {
                    $0.changeOrganisation.organisation = slug
                    $0.changeOrganisation.contact = "intruder@ours.example"
                },
                frame {
                    $0.changeOrganisation.organisation = slug
                    $0.changeOrganisation.name = "Intruded"
                },
                frame {
                    $0.changeOrganisation.organisation = "ours"
                    $0.changeOrganisation.name = "More than ours"
                },
            ],
            "erase_names": [frame { $0.eraseNames.organisation = slug }],
            "remove": [frame { $0.remove.organisation = slug }, frame { $0.remove.memberID = id }],
            "release_hold": [
                frame { $0.releaseHold.fingerprint = Data(fingerprint) }, frame { $0.releaseHold.memberID = id },
                frame { $0.releaseHold.organisation = slug },
            ],
            "set_suspension": [
                frame {
                    $0.setSuspension.organisation = slug
                    $0.setSuspension.suspended = true
                },
                frame {
                    $0.setSuspension.memberID = id
                    $0.setSuspension.suspended = true
                }, frame { $0.setSuspension.memberID = id },
            ],
            "set_roles": [
                frame {
                    $0.setRoles.memberID = id
                    $0.setRoles.roles = [.reader]
                },
                frame {
                    $0.setRoles.memberID = id
                    $0.setRoles.roles = [.curator]
                    $0.setRoles.curatedTopics = ["policing"]
                },
            ],
            "list_organisation_summaries": [.listOrganisationSummaries(WireListOrganisationSummaries())],
            "list_member_summaries": [
                frame { $0.listMemberSummaries.organisation = slug }, .listMemberSummaries(WireListMemberSummaries()),
                frame { $0.listMemberSummaries.search = "zz-victim" },
            ],
            "list_audit": [.listAudit(WireListAudit()), frame { $0.listAudit.actor = victim.member.id.description }],
            "verify_audit": [.verifyAudit(WireVerifyAudit())],
            "fetch_status": [.fetchStatus(WireFetchStatus())],
        ]
    }

    /// Names of the body's fields with administrative numbers, from the published contract itself. A frame with another
    /// number from 40 on is none of them, and has to be named here.
    private func administrativeFrames() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Sources/Wire/lessons.proto"), encoding: .utf8)
        let body = try #require(text.firstRange(of: "oneof body {"))
        let end = try #require(text[body.upperBound...].firstRange(of: "\n  }"))
        let fields = text[body.upperBound..<end.lowerBound].matches(of: /\w+ (\w+) = (\d+);/)
            .map { (name: String($0.1), number: Int($0.2) ?? 0) }
        let others = fields.filter { $0.number >= 40 && !Self.administrativeNumbers.contains($0.number) }
        #expect(Set(others.map(\.name)) == Self.membership)
        let names = fields.filter { Self.administrativeNumbers.contains($0.number) }.map(\.name)
        #expect(names.count > 25)
        return names
    }
}

extension WireFrame.OneOf_Body {
    fileprivate var isListing: Bool {
        switch self {
        case .listInvitations, .listCertificates, .listOrganisationSummaries, .listMemberSummaries, .listAudit,
            .fetchStatus:
            true
        default: false
        }
    }
}
