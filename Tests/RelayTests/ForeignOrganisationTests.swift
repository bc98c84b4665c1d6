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
        "audit_page", "done", "audit_verification", "status",
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
            "list_invitations": [.listInvitations(WireListInvitations())],
            "revoke_invitation": [frame { $0.revokeInvitation.invitationID = invitation }],
            "add_organisation": [
                frame {
                    $0.addOrganisation.organisation.slug = "new"
                    $0.addOrganisation.organisation.name = "New"
                    $0.addOrganisation.organisation.kind = .other
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
            ],
            "list_certificates": [
                frame { $0.listCertificates.organisation = slug }, .listCertificates(WireListCertificates()),
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
                }
            ],
            "list_organisation_summaries": [.listOrganisationSummaries(WireListOrganisationSummaries())],
            "list_member_summaries": [
                frame { $0.listMemberSummaries.organisation = slug }, .listMemberSummaries(WireListMemberSummaries()),
            ],
            "list_audit": [.listAudit(WireListAudit()), frame { $0.listAudit.actor = victim.member.id.description }],
            "verify_audit": [.verifyAudit(WireVerifyAudit())],
            "fetch_status": [.fetchStatus(WireFetchStatus())],
        ]
    }

    /// Names of the body's fields with the administrative numbers 50 to 79, from the published contract itself.
    private func administrativeFrames() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Sources/Wire/lessons.proto"), encoding: .utf8)
        let body = try #require(text.firstRange(of: "oneof body {"))
        let end = try #require(text[body.upperBound...].firstRange(of: "\n  }"))
        let names = text[body.upperBound..<end.lowerBound].matches(of: /\w+ (\w+) = (\d+);/)
            .filter { (50...79).contains(Int($0.2) ?? 0) }.map { String($0.1) }
        #expect(names.count > 20)
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
