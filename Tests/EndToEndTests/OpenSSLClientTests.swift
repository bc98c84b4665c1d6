import Foundation
import PKI
import TestSupport
import Testing

extension EndToEnd {
    /// The relay as OpenSSL's own client meets it.
    @Suite(
        .enabled(if: MachineProgram.path("openssl") != nil, "openssl is absent; install it"), .timeLimit(.minutes(2)))
    struct OpenSSLClientTests {
        @Test func `openssl s_client is refused with the right alert, and a member's completes without a ticket`()
            async throws
        {
            try await World.with { world in
                let member = world.administrator.identity
                let trusting = ["-alpn", "lessons/1", "-CAfile", member + "/root.pem", "-verify_return_error"]
                let shown = ["-cert", member + "/certificate.pem", "-key", member + "/key.pem"]
                let chain = ["-cert_chain", member + "/certificate.pem"]

                let without = try await talk(world, trusting)
                #expect(without.contains("alert certificate required"), "without a certificate: \(without)")

                let foreign = try foreignCertificate(world)
                let unknown = try await talk(world, trusting + foreign)
                #expect(unknown.contains("alert unknown ca"), "a foreign certificate: \(unknown)")

                let old = try await talk(world, trusting + shown + chain + ["-tls1_2"])
                #expect(old.contains("alert protocol version"), "TLS 1.2: \(old)")

                var otherProtocol = trusting + shown + chain
                otherProtocol[1] = "h2"
                let wrong = try await talk(world, otherProtocol)
                #expect(wrong.contains("alert no application protocol"), "another ALPN: \(wrong)")

                try await expectWelcome(world, trusting + shown + chain)
            }
        }

        @Test func `the relay shows with its certificate that it is not revoked, signed and checked up to the root`()
            async throws
        {
            let publication = [
                "--publication-url", "http://127.0.0.1/pki", "--publication-port", "\(try FreePorts.two().0)",
            ]
            try await World.with(options: publication) { world in
                let root = world.administrator.identity + "/root.pem"
                // Refused without a member's certificate, after the relay has shown its own.
                let shown = try await talk(world, ["-status", "-CAfile", root, "-verify_return_error"])
                #expect(shown.contains("OCSP Response Status: successful (0x0)"), "\(shown)")
                #expect(shown.contains("Cert Status: good"), "\(shown)")
                #expect(shown.contains("Issuing CA 1 status"), "its signer: \(shown)")
                #expect(shown.contains("Verification: OK"), "\(shown)")
            }
        }

        /// Says Hello, as lessons.proto has it, and waits for Welcome: the relay has then sent whatever it sends after a
        /// handshake.
        private func expectWelcome(_ world: World, _ arguments: [String]) async throws {
            let client = try start(world, arguments)
            // Frame{hello: {min_version: 1, max_version: 1}}
            let hello: [UInt8] = [0, 0, 0, 6, 0x12, 0x04, 0x08, 0x01, 0x10, 0x01]
            try await client.wait(for: "the end of the handshake") { $0.output.text.contains("Verification") }
            try client.write(hello)
            try await client.wait(for: "Welcome") { $0.output.text.contains("Ada Administrator") }
            client.endInput()
            let end = try await client.finish()
            #expect(end.exit == .code(0), "\(end)")
            #expect(end.output.contains("Verification: OK"), "\(end)")
            #expect(end.output.contains("ALPN protocol: lessons/1"), "\(end)")
            #expect(end.output.contains("TLSv1.3"), "\(end)")
            #expect(end.output.contains("<<< TLS 1.3, Handshake [length"), "the messages are shown: \(end)")
            #expect(!end.output.contains("NewSessionTicket"), "\(end)")
            #expect(!end.output.contains("New Session Ticket"), "\(end)")
        }

        /// Runs `s_client` until the relay ends the connection; its input stays open, so that it does not leave first.
        private func talk(_ world: World, _ arguments: [String]) async throws -> String {
            let end = try await start(world, arguments).finish()
            #expect(end.exit != .code(0), "\(end)")
            return end.output + end.errorOutput
        }

        private func start(_ world: World, _ arguments: [String]) throws -> ChildProcess {
            guard let openssl = MachineProgram.path("openssl") else { throw EndToEndFailure("openssl is absent") }
            let place = ["s_client", "-connect", "127.0.0.1:\(world.relay.port)", "-msg"]
            return try world.children.start(
                openssl, place + arguments, environment: ProcessInfo.processInfo.environment, input: .open)
        }

        /// A member's certificate of another relay, with its chain.
        private func foreignCertificate(_ world: World) throws -> [String] {
            let authority = try TestAuthority()
            let (certificate, key, _) = try authority.member()
            let chain = world.directory + "/foreign.pem"
            let keyFile = world.directory + "/foreign.key"
            let text = certificate.pem + authority.issuingCertificate.pem
            try Data(text.utf8).write(to: URL(filePath: chain))
            try Data(try key.pem(passphrase: nil).utf8).write(to: URL(filePath: keyFile))
            return ["-cert", chain, "-cert_chain", chain, "-key", keyFile]
        }
    }
}
