import Foundation
import LessonModel
import PKI
import Relay
import RelayClient
import RelayHTTP
import RelayTestSupport
import Testing
import Wire

@Suite struct PublicationTests {
    private func with(_ body: (HTTPWorld, RevocationPublication, _ issuing: Certificate) async throws -> Void)
        async throws
    {
        try await HTTPWorld.with { relay in
            let clock = relay.clock
            return PublicationResponder(
                try #require(relay.server.publication), url: HTTPWorld.url, clock: { clock.now / 1_000 })
        } _: { world in
            try await body(
                world, try #require(world.relay.server.publication),
                try #require(world.relay.admin.chain.dropFirst().first))
        }
    }

    private func hex(_ bytes: [UInt8]?) -> String { (bytes ?? []).map { String(format: "%02x", $0) }.joined() }

    private func revoke(_ identity: ClientIdentity, _ reason: RevocationReason, in world: HTTPWorld) async throws {
        let connection = try await world.relay.connect(world.relay.admin)
        var request = WireRevokeCertificates()
        request.fingerprint = Data(try #require(identity.certificate).fingerprint)
        request.reason = reason.name
        _ = try await connection.revokeCertificates(request)
        await connection.close()
    }

    @Test func `a status answer tells of a revocation from the moment it is in force`() async throws {
        try await with { world, _, issuing in
            let member = try await world.relay.organisation("police-al")
            let request = try StatusRequest.make(for: try #require(member.certificate), issuer: issuing)
            func ask() async throws -> [UInt8] {
                let answer = try await world.exchange(
                    "POST", "/pki/ocsp", headers: ["Content-Type": "application/ocsp-request"], body: request.der)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "application/ocsp-response")
                return answer.body
            }
            // [0] IMPLICIT NULL is good, [1] is revoked (RFC 6960 §4.2.1).
            #expect(try await ask().firstRange(of: [0x80, 0x00]) != nil)
            try await revoke(member, .keyCompromise, in: world)
            let answer = try await ask()
            // The reason, keyCompromise (1), as [0] EXPLICIT ENUMERATED.
            #expect(answer.firstRange(of: [0xA0, 0x03, 0x0A, 0x01, 0x01]) != nil)
            #expect(answer.firstRange(of: [0x80, 0x00]) == nil)
        }
    }

    @Test func `a question may stand in the address, its answer be kept for a minute, and one with a nonce not`()
        async throws
    {
        try await with { world, _, issuing in
            let request = try StatusRequest.make(for: try #require(world.relay.admin.certificate), issuer: issuing)
            let text = Data(request.der).base64EncodedString()
                .addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            let answer = try await world.exchange("GET", "/pki/ocsp/\(try #require(text))")
            #expect(answer.status == 200)
            #expect(answer.headers["cache-control"] == "max-age=60, public, no-transform, must-revalidate")
            #expect(answer.headers["etag"] != nil)
            let expires = try #require(answer.headers["expires"])
            #expect(expires.hasSuffix(" GMT") && expires.contains(","))
            let garbage = try await world.exchange("GET", "/pki/ocsp/%ZZ")
            #expect(garbage.body == StatusResponder.Refusal.malformedRequest.der)
            #expect(garbage.headers["cache-control"] == "no-store")
        }
    }

    @Test func `a list follows a revocation with a higher number, also over a restart, and never falls behind`()
        async throws
    {
        try await with { world, publication, issuing in
            let keyID = try #require(issuing.subjectKeyID)
            let first = try #require(publication.revocationList(of: keyID))
            let member = try await world.relay.organisation("police-al")
            try await revoke(member, .superseded, in: world)
            let second = try await list(keyID, above: first.number, in: world)
            let serial = try #require(member.certificate).serialNumber
            #expect(second.der.firstRange(of: serial) != nil)
            #expect(first.der.firstRange(of: serial) == nil)
            try await world.relay.restart()
            let third = try #require(world.relay.server.publication?.revocationList(of: keyID))
            #expect(third == second, "what is still good is handed out again")
            world.relay.clock.advance(by: 86_400_000)
            try await world.relay.restart()
            let fourth = try #require(world.relay.server.publication?.revocationList(of: keyID))
            #expect(fourth.number == second.number + 1)
            #expect(fourth.nextUpdate == world.relay.clock.now / 1_000 + 172_800)
        }
    }

    /// Waits, within the test's time, for the list that the relay makes by itself.
    private func list(_ keyID: [UInt8], above number: Int64, in world: HTTPWorld) async throws -> RevocationList {
        while true {
            let answer = try await world.exchange("GET", "/pki/\(hex(keyID)).crl")
            let list = try RevocationList(der: answer.body)
            if list.number > number { return list }
        }
    }

    @Test func `lists and certificates of root and issuer are there in DER and PEM, and not sent again when known`()
        async throws
    {
        try await with { world, publication, issuing in
            let root = world.relay.admin.root
            for certificate in [issuing, root] {
                let name = "/pki/\(hex(certificate.subjectKeyID))"
                let der = try await world.exchange("GET", "\(name).cer")
                #expect(der.body == certificate.der)
                #expect(der.headers["content-type"] == "application/pkix-cert")
                #expect(try await world.exchange("GET", "\(name).cer.pem").body == Array(certificate.pem.utf8))
                let list = try await world.exchange("GET", "\(name).crl")
                #expect(list.headers["content-type"] == "application/pkix-crl")
                #expect(try RevocationList(der: list.body).number == 1)
                let pem = try await world.exchange("GET", "\(name).crl.pem").body
                #expect(try RevocationList(pem: String(decoding: pem, as: UTF8.self)).der == list.body)
                let again = try await world.exchange(
                    "GET", "\(name).crl", headers: ["If-None-Match": try #require(list.headers["etag"])])
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
                let head = try await world.exchange("HEAD", "\(name).crl")
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
            }
        }
    }

    @Test func `wrong paths, methods, types and sizes are told apart`() async throws {
        try await with { world, _, issuing in
            let list = "/pki/\(hex(issuing.subjectKeyID)).crl"
            let type = ["Content-Type": "application/ocsp-request"]
            for (status, method, path, headers, body) in [
                (404, "GET", "/", [:], []), (404, "GET", "/pki/", [:], []), (404, "GET", "/pki/../pki/x.crl", [:], []),
                (404, "GET", "/pki/\(String(repeating: "0", count: 40)).crl", [:], []),
                (404, "GET", "/pki/\(String(repeating: "+", count: 40)).crl", [:], []),
                (404, "GET", list + ".zip", [:], []), (404, "GET", "/other" + list, [:], []),
                (405, "POST", list, [:], []), (405, "GET", "/pki/ocsp", [:], []), (405, "DELETE", "/pki/ocsp", [:], []),
                (405, "PUT", "/pki/ocsp/AAAA", [:], []), (415, "POST", "/pki/ocsp", [:], [0x30]),
                (413, "POST", "/pki/ocsp", type, [UInt8](repeating: 0, count: 4_097)),
                (200, "POST", "/pki/ocsp", type, []),
            ] as [(Int, String, String, [String: String], [UInt8])] {
                let answer = try await world.exchange(method, path, headers: headers, body: body)
                #expect(answer.status == status, "\(method) \(path)")
            }
        }
    }
}
