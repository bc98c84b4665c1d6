import Foundation
import PKI
import TestSupport
import Testing

@testable import RelayClient

@Suite struct ProfileTests {
    private let home: TemporaryDirectory
    private let environment: [String: String]

    init() throws {
        home = try TemporaryDirectory()
        environment = ["HOME": home.path]
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func `folders follow the XDG specification, and relative paths in it are ignored`() throws {
        let plain = try Profile(environment: environment)
        #expect(plain.name == "default")
        #expect(plain.dataDirectory == home.path + "/.local/share/lessons/default")
        #expect(plain.configDirectory == home.path + "/.config/lessons/default")
        #expect(plain.cacheDirectory == home.path + "/.cache/lessons/default")
        #expect(plain.stateDirectory == home.path + "/.local/state/lessons/default")
        let set = try Profile(
            environment: [
                "HOME": home.path, "XDG_DATA_HOME": "/data", "XDG_CACHE_HOME": "cache", "LESSONS_PROFILE": "work",
            ])
        #expect(set.dataDirectory == "/data/lessons/work")
        #expect(set.cacheDirectory == home.path + "/.cache/lessons/work")
        #expect(try Profile(name: "given", environment: ["HOME": "/h", "LESSONS_PROFILE": "work"]).name == "given")
    }

    @Test(arguments: ["", ".", "..", ".hidden", "-x", "a/b", "a b", "é", String(repeating: "a", count: 65)])
    func `a name that is no folder's is refused`(name: String) throws {
        #expect(throws: ClientError.self) { try Profile(name: name, environment: environment) }
    }

    @Test func `without HOME it says what to set`() {
        let error = #expect(throws: ClientError.self) { try Profile(environment: [:]) }
        #expect(error?.description.contains("HOME") == true)
    }

    @Test func `an identity comes back as it was stored`() throws {
        let identity = try Parties().identity(at: RelayAddress(host: "relay.test", port: 7_440))
        let profile = try Profile(environment: environment)
        #expect(!profile.hasIdentity)
        try profile.checkReadyToJoin()
        try profile.save(identity)
        let loaded = try profile.loadIdentity()
        #expect(loaded.chain == identity.chain && loaded.root == identity.root)
        #expect(loaded.key.publicKey == identity.key.publicKey)
        #expect(loaded.member == identity.member && loaded.organisation == identity.organisation)
        #expect(loaded.relayID == identity.relayID && loaded.device == identity.device)
        #expect(loaded.address == identity.address && loaded.enrolmentAddress == identity.enrolmentAddress)
        #expect(try Profile.all(environment: environment) == ["default"])
    }

    @Test func `only the owner can read what is stored`() throws {
        let profile = try Profile(environment: environment)
        try profile.save(Parties().identity())
        for folder in [profile.dataDirectory, profile.draftsDirectory, profile.cacheDirectory, profile.configDirectory]
        {
            #expect(try mode(folder) == 0o700)
        }
        for file in [profile.keyFile, profile.certificateFile, profile.rootFile] { #expect(try mode(file) == 0o600) }
        #expect(chmod(profile.keyFile, 0o644) == 0)
        let error = #expect(throws: ClientError.self) { try profile.loadIdentity() }
        #expect(error?.description.contains("chmod") == true)
    }

    @Test func `a second identity is refused and the first one stays`() throws {
        let profile = try Profile(environment: environment)
        let parties = try Parties()
        let first = try parties.identity()
        try profile.save(first)
        #expect(throws: ClientError.self) { try profile.checkReadyToJoin() }
        #expect(throws: ClientError.self) { try profile.save(parties.identity(name: "Other")) }
        #expect(try profile.loadIdentity().member == first.member)
        // Nothing of the second one is left.
        let folders = try FileManager.default.contentsOfDirectory(atPath: profile.dataDirectory)
        #expect(folders.filter { $0.hasPrefix("identity-") }.count == 1)
    }

    @Test func `a renewed identity takes the place of the old one as a whole`() throws {
        let profile = try Profile(environment: environment)
        let parties = try Parties()
        try profile.save(parties.identity())
        let renewed = try parties.identity(name: "Renewed")
        try profile.replace(renewed)
        let loaded = try profile.loadIdentity()
        #expect(loaded.chain == renewed.chain && loaded.key.publicKey == renewed.key.publicKey)
        let folders = try FileManager.default.contentsOfDirectory(atPath: profile.dataDirectory)
        #expect(folders.filter { $0.hasPrefix("identity-") }.count == 1)
        #expect(folders.filter { $0.hasPrefix("identity.") }.isEmpty)
    }

    @Test func `a key that was loaded before a renewal is not put beside the new certificate`() throws {
        let profile = try Profile(environment: environment)
        let parties = try Parties()
        try profile.save(parties.identity())
        var before = try profile.loadIdentity()
        let renewed = try parties.identity(name: "Renewed")
        try profile.replace(renewed)
        before.keyPassphrase = Array("correct horse battery".utf8)
        #expect(throws: ClientError.self) { try profile.rewriteKey(of: before) }
        #expect(try profile.loadIdentity().key.publicKey == renewed.key.publicKey)
    }

    @Test func `one at a time changes what is stored`() async throws {
        let profile = try Profile(environment: environment)
        try profile.save(Parties().identity())
        let clock = InstantClock()
        try await profile.changing(clock: clock) {
            let ran = try await profile.changingIfFree { true }
            #expect(ran == nil)
            let error = await #expect(throws: ClientError.self) { try await profile.changing(clock: clock) {} }
            #expect(error?.description.contains("another command") == true)
        }
        let ran = try await profile.changingIfFree { true }
        #expect(ran == true)
    }

    @Test func `a path into the folders of identities is known as such, whatever link leads there`() throws {
        let profile = try Profile(environment: environment)
        try profile.save(Parties().identity())
        let link = home.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: profile.keyFile)
        for path in [
            profile.keyFile, profile.dataDirectory + "/new", profile.dataDirectory + "/../other", link,
            profile.identityDirectory + "/../drafts/x",
        ] {
            #expect(profile.holds(path), "\(path)")
        }
        for path in [home.path + "/new", "/new", "new", profile.configDirectory + "/new", home.path + "/missing/new"] {
            #expect(!profile.holds(path), "\(path)")
        }
    }

    @Test func `an identity whose certificate and key do not fit is neither stored nor loaded`() throws {
        let profile = try Profile(environment: environment)
        let parties = try Parties()
        var identity = try parties.identity()
        identity.key = try PrivateKey.generate(.p256)
        #expect(throws: ClientError.self) { try profile.save(identity) }
        #expect(!profile.hasIdentity)
        try profile.save(parties.identity())
        try SecretFile.write(PrivateKey.generate(.p256).pem(passphrase: nil), to: profile.keyFile)
        #expect(throws: ClientError.self) { try profile.loadIdentity() }
    }

    @Test func `damage to any file is told with the place and does not crash`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let profile = try Profile(environment: environment)
        let identity = try Parties().identity()
        try profile.save(identity)
        for file in ["identity.json", "key.pem", "certificate.pem", "root.pem"] {
            let path = profile.identityDirectory + "/" + file
            let good = try SecretFile.read(path)
            var bad: [[UInt8]] = [[], Array("{}".utf8), Array(good.prefix(good.count / 2))]
            for _ in 0..<20 {
                var changed = good
                changed[Int.random(in: 0..<changed.count, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
                bad.append(changed)
            }
            for (index, bytes) in bad.enumerated() {
                try SecretFile.write(bytes, to: path)
                var failure: ClientError?
                do throws(ClientError) { _ = try profile.loadIdentity() } catch { failure = error }
                // A changed letter in a name cannot be seen; anything else can.
                if index < 3 { #expect(failure != nil, "\(file), damage \(index), seed \(seed)") }
                if let failure {
                    #expect(failure.description.contains("identity") || failure.description.contains(".pem"))
                }
            }
            try SecretFile.write(good, to: path)
        }
        #expect(try profile.loadIdentity().member == identity.member)
    }

    @Test func `renewal is due after two thirds of the lifetime`() throws {
        let identity = try Parties().identity()
        let certificate = try #require(identity.certificate)
        let lifetime = certificate.notAfter - certificate.notBefore
        #expect(!identity.needsRenewal(at: certificate.notBefore + lifetime / 3 * 2 - 1))
        #expect(identity.needsRenewal(at: certificate.notBefore + lifetime / 3 * 2))
        #expect(!identity.isExpired(at: certificate.notAfter - 1) && identity.isExpired(at: certificate.notAfter))
    }
}
