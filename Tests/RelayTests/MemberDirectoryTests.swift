import FaultyStorage
import LessonModel
import PKI
import Storage
import TestSupport
import Testing

@testable import Relay

/// Changes in memory against reading everything again.
@Suite struct MemberDirectoryTests {
    private struct World {
        var slugs: [OrganisationSlug] = []
        var members: [MemberID] = []
        var certificates: [(fingerprint: [UInt8], serial: [UInt8], member: MemberID)] = []
    }

    private static let issuer: [UInt8] = Array(repeating: 7, count: 20)
    private static let now: Milliseconds = 1_790_000_000_000

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `after any change the membership in memory answers as one that has read everything`(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let store = try RelayStore(directory: directory.path)
        let membership = try Membership(store: store, clock: { Self.now })
        var random = SeededRandom(seed: seed)
        var world = World()
        for step in 0..<250 {
            if let scope = try change(store, &world, &random) { try membership.refresh(scope) }
            guard step % 5 == 0 else { continue }
            let fresh = try Membership(store: store, clock: { Self.now })
            for slug in world.slugs {
                #expect(membership.organisation(slug) == fresh.organisation(slug), "seed \(seed), step \(step)")
                #expect(
                    membership.hasMember(of: slug) { $0.isSuspended } == fresh.hasMember(of: slug) { $0.isSuspended })
            }
            for member in world.members {
                #expect(membership.member(member) == fresh.member(member), "seed \(seed), step \(step)")
                #expect(
                    membership.certificateCount(of: member, now: Self.now)
                        == fresh.certificateCount(of: member, now: Self.now))
            }
            for certificate in world.certificates {
                let answers = [membership, fresh].map {
                    refusal($0.principal(certificate.member, certificate.fingerprint))
                }
                #expect(answers[0] == answers[1], "seed \(seed), step \(step)")
            }
            #expect(membership.revocations.snapshot == fresh.revocations.snapshot, "seed \(seed), step \(step)")
        }
        #expect(world.certificates.count > 20)
        #expect(membership.revocations.count > 5)
        try store.close()
    }

    @Test func `a change that the disk did not let it read is read again, and not with another`() throws {
        let directory = try TemporaryDirectory()
        let disk = FaultyStorage(directory: directory.path)
        defer { disk.remove() }
        let store = try RelayStore(directory: directory.path, readerCount: 1)
        let membership = try Membership(store: store, clock: { Self.now })
        let audit = AuditEntry(at: Self.now, actor: .host, action: "test")
        let slugs = try ["one", "two"].map { try #require(OrganisationSlug($0)) }
        for slug in slugs {
            try store.addOrganisation(Organisation(slug: slug, name: "O", country: nil, kind: .other), audit: audit)
            try membership.refresh(.organisation(slug))
        }
        try store.setSuspended(true, organisation: slugs[0], audit: audit)
        disk.arm(.ioErrorsFromThen, atCall: 1)
        #expect(throws: StorageError.self) { try membership.refresh(.organisation(slugs[0])) }
        #expect(membership.isStale && membership.organisation(slugs[0])?.isSuspended == false)
        disk.repair()
        try membership.refresh(.organisation(slugs[1]))
        #expect(membership.isStale)
        try membership.reloadIfStale()
        #expect(!membership.isStale && membership.organisation(slugs[0])?.isSuspended == true)
        try store.close()
    }

    private func refusal(_ result: Result<Principal, Membership.Refusal>) -> Membership.Refusal? {
        if case .failure(let refusal) = result { refusal } else { nil }
    }

    /// Makes one change in the store; one that the store refuses is none.
    /// - Returns: what it concerns, as the relay's requests say it.
    private func change(
        _ store: RelayStore, _ world: inout World, _ random: inout SeededRandom
    ) throws -> DirectoryScope? {
        let audit = AuditEntry(at: Self.now, actor: .host, action: "test")
        let slug = world.slugs.randomElement(using: &random)
        let member = world.members.randomElement(using: &random)
        let certificate = world.certificates.randomElement(using: &random)
        do {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<10:
                let new = try #require(OrganisationSlug("org-\(world.slugs.count)"))
                try store.addOrganisation(Organisation(slug: new, name: "O", country: nil, kind: .other), audit: audit)
                world.slugs.append(new)
                return .organisation(new)
            case 10..<30:
                guard let slug else { return nil }
                let id = MemberID(UUIDValue(high: 1, low: UInt64(world.members.count)))
                try store.addMember(
                    Member(id: id, organisation: slug, name: "M", kind: .person, roles: [.contributor]), audit: audit)
                world.members.append(id)
                return .member(id)
            case 30..<60:
                guard let member else { return nil }
                func bytes(_ count: Int) -> [UInt8] {
                    (0..<count).map { _ in UInt8.random(in: 1...255, using: &random) }
                }
                let ends = Self.now / 1_000 + ([-200_000, -100, 10_000].randomElement(using: &random) ?? 0)
                let issued = IssuedCertificate(
                    fingerprint: bytes(32), issuerKeyID: Self.issuer, serial: bytes(16), der: bytes(8),
                    notBeforeSeconds: 0, notAfterSeconds: ends)
                try store.recordCertificate(issued, of: member, audit: audit)
                world.certificates.append((issued.fingerprint, issued.serial, member))
                return .member(member)
            case 60..<70:
                guard let certificate else { return nil }
                let reason = [6, 6, 1].randomElement(using: &random) ?? 1
                try store.revokeCertificates(.fingerprint(certificate.fingerprint), reason: reason, audit: audit)
                return .member(certificate.member)
            case 70..<75:
                guard let slug else { return nil }
                try store.revokeCertificates(.organisation(slug), reason: 6, audit: audit)
                return .membersOf(slug)
            case 75..<82:
                guard let member else { return nil }
                _ = try store.releaseHold(.member(member), audit: audit)
                return .member(member)
            case 82..<86:
                guard let slug else { return nil }
                _ = try store.releaseHold(.organisation(slug), audit: audit)
                return .membersOf(slug)
            case 86..<90:
                guard let member else { return nil }
                try store.setSuspended(Bool.random(using: &random), member: member, audit: audit)
                return .member(member)
            case 90..<93:
                guard let slug else { return nil }
                try store.setSuspended(Bool.random(using: &random), organisation: slug, audit: audit)
                return .organisation(slug)
            case 93..<96:
                guard let slug, let other = world.slugs.randomElement(using: &random), slug != other else { return nil }
                try store.setClients(of: slug, to: [other], audit: audit)
                return .organisation(slug)
            case 96..<98:
                guard let member else { return nil }
                _ = try store.remove(.member(member), audit: audit)
                return .member(member)
            default:
                guard let slug, world.slugs.count > 4 else { return nil }
                _ = try store.remove(.organisation(slug), audit: audit)
                return .membersOf(slug)
            }
        } catch StorageError.notFound {
            return nil
        }
    }
}
