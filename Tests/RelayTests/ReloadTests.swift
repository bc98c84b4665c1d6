import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import TestSupport
import Testing
import Wire

@testable import Relay

/// What a running relay does when its certificates change on disk.
@Suite struct ReloadTests {
    @Test func `a new issuing certificate is first accepted, then signs, and no session notices`() async throws {
        try await TestRelay.with { relay in
            let old = try await relay.organisation("ours")
            let session = try await relay.connect(old)
            try relay.importNextIssuer()
            try await relay.server.reload()
            let between = try await relay.member(of: "ours", name: "Between")
            #expect(between.issuerName == "relay.test Issuing CA 1")
            let accepted = try await relay.status()
            #expect(accepted.issuers.map(\.name) == ["relay.test Issuing CA 1", "relay.test Issuing CA 2"])
            #expect(accepted.issuers.map(\.signs) == [true, false])
            #expect(accepted.issuers.map(\.certificates) == [3, 0])

            _ = try relay.ceremony.activate(nil, passphrase: nil, now: relay.clock.now)
            try await relay.server.reload()
            let new = try await relay.member(of: "ours", name: "New")
            #expect(new.issuerName == "relay.test Issuing CA 2")
            let rolled = try await relay.status()
            #expect(rolled.issuers.map(\.name) == ["relay.test Issuing CA 2", "relay.test Issuing CA 1"])
            #expect(rolled.issuers.map(\.signs) == [true, false])
            #expect(rolled.issuers.map(\.certificates) == [1, 3])
            // The relay's own certificate must not outlive the acceptance of the one that signed it.
            let own = try relay.home.readRelayCertificate().certificate
            #expect(own.authorityKeyID == new.chain[1].subjectKeyID)

            // The old session, the old certificate and the new one post, and everybody can verify all of it.
            #expect(try await session.publish(old.lesson("One").signed).sequence == 1)
            let again = try await relay.connect(old)
            #expect(try await again.publish(old.lesson("Two").signed).sequence == 2)
            let fresh = try await relay.connect(new)
            #expect(try await fresh.publish(new.lesson("Three").signed).sequence == 3)
            for (identity, connection) in [(old, again), (new, fresh)] {
                try await connection.open()
                let posts = try await connection.untilCaughtUp()
                let verified = try await PostVerifier(root: identity.root).verify(
                    posts, with: connection.certificateSource)
                #expect(verified.map(\.verdict.isVerified) == [true, true, true])
            }
            for connection in [session, again, fresh] { await connection.close() }
            #expect(
                try await relay.actions("authority", as: relay.admin) == ["authority.import", "authority.activate"])
            #expect(try await relay.actions("relay-certificate", as: relay.admin) == ["relay-certificate.renew"])
        }
    }

    enum Fault: CaseIterable {
        case garbage, foreignKey, foreignAuthority, damagedState, missingIssuingKey, openIssuingKey, foreignIssuer

        func make(in relay: TestRelay) throws {
            let home = relay.home
            let own = try home.readRelayCertificate()
            func replace(_ path: String, _ text: String) throws { try SecretFile.write(text, to: path) }
            switch self {
            case .garbage: try replace(home.keyPath, "nothing")
            case .foreignKey:
                try replace(
                    home.keyPath, PrivateKey.generate(.p256).pem(passphrase: nil) + own.certificate.pem)
            case .foreignAuthority:
                let other = try TestAuthority().relayCertificate()
                try replace(home.keyPath, other.key.pem(passphrase: nil) + other.certificate.pem)
            case .damagedState: try replace(home.authority.statePath, "{\"signs\": 7, \"retired\": []}")
            case .missingIssuingKey: try FileManager.default.removeItem(atPath: home.authority.keyPath(1))
            case .openIssuingKey:
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o644], ofItemAtPath: home.authority.keyPath(1))
            case .foreignIssuer:
                let other = try TestAuthority()
                try replace(home.authority.certificatePath(2), other.issuingCertificate.pem)
                try replace(home.authority.keyPath(2), other.authority.issuers[0].key.pem(passphrase: nil))
            }
        }
    }

    @Test(arguments: Fault.allCases)
    func `what is wrong is not taken into use, and the state says so until it is put right`(_ fault: Fault)
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let good = try SecretFile.readText(relay.home.keyPath)
            let issuingKey = try SecretFile.readText(relay.home.authority.keyPath(1))
            try fault.make(in: relay)
            for _ in 0..<2 { await #expect(throws: (any Error).self) { try await relay.server.reload() } }

            #expect(try await session.publish(member.lesson("Still here").signed).sequence == 1)
            let another = try await relay.connect(member)
            await another.close()
            let warnings = try await relay.status().warnings
            #expect(warnings.first?.hasPrefix("the last reload of the certificates failed") == true, "\(warnings)")
            #expect(try await relay.actions("authority", as: relay.admin) == ["authority.reload-fail"])

            try SecretFile.write(good, to: relay.home.keyPath)
            try SecretFile.write(issuingKey, to: relay.home.authority.keyPath(1))
            for path in [
                relay.home.authority.statePath, relay.home.authority.keyPath(2),
                relay.home.authority.certificatePath(2),
            ] { try? FileManager.default.removeItem(atPath: path) }
            try await relay.server.reload()
            let after = try await relay.status().warnings
            #expect(!after.contains { $0.contains("reload") }, "\(after)")
            #expect(try await session.publish(member.lesson("To the end").signed).sequence == 2)
            await session.close()
        }
    }

    @Test func `a certificate of the relay that has ended, or bears too few names, is made anew`() async throws {
        try await TestRelay.with { relay in
            let authority = try relay.home.readAuthority()
            for (name, lifetime) in [("relay.test", Duration.seconds(60)), ("other.test", .seconds(90 * 86_400))] {
                let key = try PrivateKey.generate(.p256)
                let certificate = try authority.issueRelay(
                    publicKey: key.publicKey, dnsNames: [name], ipAddresses: ["127.0.0.1"],
                    subject: DistinguishedName(commonName: name), lifetime: lifetime, now: relay.clock.now / 1_000)
                // Less than the five minutes by which certificates begin earlier: OpenSSL's own clock stays behind.
                relay.clock.advance(by: 120_000)
                try SecretFile.write(try key.pem(passphrase: nil) + certificate.pem, to: relay.home.keyPath)
                try await relay.server.reload()
                let own = try relay.home.readRelayCertificate().certificate
                #expect(own != certificate && own.dnsNames == ["relay.test"])
                #expect(own.isValid(at: relay.clock.now / 1_000))
                _ = try await relay.status()
            }
        }
    }

    @Test func `an issuing certificate that has ended cannot be imported, nor one with another key or root`()
        async throws
    {
        try await TestRelay.with { relay in
            let request = try relay.ceremony.request(domain: "relay.test", passphrase: nil)
            func signed(at time: Milliseconds, _ pem: String) throws -> String {
                try OfflineRoot.sign(
                    request: pem, rootCertificate: relay.home.authority.root().pem, rootKeyPath: relay.home.rootKeyPath,
                    passphrase: TestRelay.rootPassphrase, publicationURL: nil, now: time
                ).pem
            }
            let good = try signed(at: relay.clock.now, request.pem)
            let late = relay.clock.now + 6 * 365 * 86_400_000
            let otherKey = try CertificateSigningRequest.make(
                key: try PrivateKey.generate(.p256), commonName: "relay.test Issuing CA 2")
            let cases: [(pem: String, now: Milliseconds, words: String)] = [
                (good, late, "has ended"),
                (try signed(at: relay.clock.now, otherKey.pem), relay.clock.now, "another key"),
                (try TestAuthority().issuingCertificate.pem, relay.clock.now, "another key"),
                (relay.admin.chain[0].pem, relay.clock.now, "another key"),
                ("nothing", relay.clock.now, "well-formed"),
            ]
            for (pem, now, words) in cases {
                #expect {
                    try relay.ceremony.accept(pem: pem, passphrase: nil, now: now)
                } throws: {
                    "\($0)".contains(words)
                }
            }
            #expect(try relay.home.authority.entries().map(\.state) == [.signing, .requested])
            #expect(try relay.ceremony.accept(pem: good, passphrase: nil, now: relay.clock.now) == 2)
        }
    }
}
