import Foundation
import HummingbirdCore
import LessonModel
import PKI
import Relay
import RelayClient
import RelayHTTP
import RelayTestSupport
import TLS
import Testing
import Wire

@Suite struct ESTTests {
    private func with(_ body: (HTTPWorld) async throws -> Void) async throws {
        try await HTTPWorld.with {
            ESTResponder(EnrolmentService($0.server))
        } server: {
            .est(EnrolmentService($0.server))
        } _: {
            try await body($0)
        }
    }

    private func client(
        _ world: HTTPWorld, _ identity: (chain: [Certificate], key: PrivateKey)? = nil
    ) throws -> TLSContext {
        try TLSContext(
            client: .init(
                trust: .roots([world.relay.admin.root]), serverName: "relay.test", identity: identity,
                alpnProtocols: ["http/1.1"]))
    }

    private func request(_ key: PrivateKey) throws -> [UInt8] {
        let request = try CertificateSigningRequest.make(key: key, commonName: "whatever it likes")
        return Array(Data(request.der).base64EncodedString(options: [.lineLength64Characters]).utf8)
    }

    private static let type = ["Content-Type": "application/pkcs10"]

    private func basic(_ password: String) -> [String: String] {
        Self.type.merging(["Authorization": "Basic " + Data("router:\(password)".utf8).base64EncodedString()]) { $1 }
    }

    private func token(_ invitation: String) -> String { String(invitation.split(separator: "/").last ?? "") }

    /// The one certificate of a CMS answer, found by OpenSSL's own reading of the octets.
    private func certificate(_ body: [UInt8]) throws -> Certificate {
        let der = try #require(Data(base64Encoded: Data(body)))
        // certificates [0] IMPLICIT follows the content type id-data (RFC 5652 §5.1).
        let data: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01]
        let start = try #require(Array(der).firstRange(of: data)).upperBound
        let list = Array(der)[start...]
        let header = list[start + 1] < 0x80 ? 2 : 2 + Int(list[start + 1] & 0x7F)
        return try Certificate(der: Array(list.dropFirst(header).dropLast(2)))
    }

    @Test func `the authority's certificates and what a request should be like are told to everybody`() async throws {
        try await with { world in
            let answer = try await world.exchange("GET", "/.well-known/est/cacerts", tls: client(world))
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/pkcs7-mime")
            #expect(answer.headers["content-transfer-encoding"] == "base64")
            let der = Array(try #require(Data(base64Encoded: Data(answer.body))))
            for certificate in [world.relay.admin.root] + world.relay.admin.chain.dropFirst() {
                #expect(der.firstRange(of: certificate.der) != nil)
            }
            let wanted = try await world.exchange("GET", "/.well-known/est/csrattrs", tls: client(world))
            #expect(wanted.headers["content-type"] == "application/csrattrs")
            #expect(Data(base64Encoded: Data(wanted.body)) != nil)
        }
    }

    @Test func `an invitation's token gives a certificate once, which opens the relay and renews itself`() async throws
    {
        try await with { world in
            let invitation = try await world.relay.invite("office", "Router", [.contributor])
            let key = try PrivateKey.generate(.p256)
            let answer = try await world.exchange(
                "POST", "/.well-known/est/simpleenroll", headers: basic(token(invitation)), body: request(key),
                tls: client(world))
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only")
            let first = try certificate(answer.body)
            #expect(first.publicKey == key.publicKey)
            #expect(first.commonName == "Router", "the request's own name is ignored")
            let again = try await world.exchange(
                "POST", "/.well-known/est/simpleenroll", headers: basic(token(invitation)), body: request(key),
                tls: client(world))
            #expect(again.status == 403)

            let next = try PrivateKey.generate(.p256)
            let renewed = try await world.exchange(
                "POST", "/.well-known/est/simplereenroll", headers: Self.type, body: request(next),
                tls: client(world, ([first], key)))
            #expect(renewed.status == 200)
            let second = try certificate(renewed.body)
            #expect(second.uris == first.uris)
            var identity = world.relay.admin
            identity.chain = [second] + world.relay.admin.chain.dropFirst()
            identity.key = next
            let connection = try await world.relay.connect(identity)
            #expect(connection.member?.name == "Router")
            await connection.close()
        }
    }

    @Test func `the whole invitation serves as the password, too`() async throws {
        try await with { world in
            let invitation = try await world.relay.invite("office", "Router", [.contributor])
                .replacing(":0,0/", with: ":1,1/")
            let answer = try await world.exchange(
                "POST", "/.well-known/est/simpleenroll", headers: basic(invitation),
                body: request(PrivateKey.generate(.p256)), tls: client(world))
            #expect(answer.status == 200)
        }
    }

    @Test func `a wrong, ended or withdrawn token gives nothing, and a bad request spends none`() async throws {
        try await with { world in
            let ended = try await world.relay.invite("office", "Late", [.contributor], lifetime: 60_000)
            world.relay.clock.advance(by: 61_000)
            let good = try await world.relay.invite("office", "Router", [.contributor])
            let body = try request(PrivateKey.generate(.p256))
            let rsa = Array(Data(repeating: 0x30, count: 200).base64EncodedString().utf8)
            for (status, headers, body) in [
                (401, Self.type, body), (401, basic("wrong"), body),
                (401, basic(String(repeating: "A", count: 27)), body), (403, basic(token(ended)), body),
                (415, basic(token(good)).merging(["Content-Type": "text/plain"]) { $1 }, body),
                (400, basic(token(good)), Array("no base64 !".utf8)), (400, basic(token(good)), []),
                (400, basic(token(good)), rsa),
                (413, basic(token(good)), [UInt8](repeating: 0x41, count: 40_000)), (200, basic(token(good)), body),
            ] as [(Int, [String: String], [UInt8])] {
                let answer = try await world.exchange(
                    "POST", "/.well-known/est/simpleenroll", headers: headers, body: body, tls: client(world))
                #expect(answer.status == status, "\(String(decoding: answer.body.prefix(200), as: UTF8.self))")
                #expect((answer.headers["www-authenticate"] != nil) == (status == 401))
            }
        }
    }

    @Test func `nobody renews without a certificate, nor with one whose member is suspended or that is revoked`()
        async throws
    {
        try await with { world in
            let member = try await world.relay.organisation("police-al")
            let own = (chain: [try #require(member.certificate)], key: member.key)
            func renew(_ identity: (chain: [Certificate], key: PrivateKey)?) async throws -> Int {
                try await world.exchange(
                    "POST", "/.well-known/est/simplereenroll", headers: Self.type,
                    body: request(PrivateKey.generate(.p256)), tls: client(world, identity)
                ).status
            }
            #expect(try await renew(nil) == 403)
            #expect(try await renew(own) == 200)
            let admin = try await world.relay.connect(world.relay.admin)
            _ = try await admin.setSuspended(true, member: member.member.id)
            #expect(try await renew(own) == 403)
            _ = try await admin.setSuspended(false, member: member.member.id)
            #expect(try await renew(own) == 200)
            var revoke = WireRevokeCertificates()
            revoke.memberID = Data(member.member.id.bytes)
            _ = try await admin.revokeCertificates(revoke)
            await #expect(throws: TLSError.peerAlert(name: "certificate_revoked", code: 44)) {
                _ = try await renew(own)
            }
            await admin.close()
        }
    }

    @Test func `wrong paths and methods are told apart`() async throws {
        try await with { world in
            for (status, method, path) in [
                (404, "GET", "/"), (404, "GET", "/.well-known/est/"), (404, "GET", "/.well-known/est/label/cacerts"),
                (405, "POST", "/.well-known/est/cacerts"), (405, "GET", "/.well-known/est/simpleenroll"),
                (405, "DELETE", "/.well-known/est/simplereenroll"), (501, "POST", "/.well-known/est/serverkeygen"),
            ] {
                let answer = try await world.exchange(method, path, tls: client(world))
                #expect(answer.status == status, "\(path)")
            }
        }
    }
}
