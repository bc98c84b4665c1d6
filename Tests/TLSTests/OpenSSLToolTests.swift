import NIOCore
import NIOPosix
import PKI
import TLS
import TestSupport
import Testing

/// The same promises with OpenSSL's own command on the other end.
@Suite(
    .enabled(if: OpenSSLTool.path != nil, "the openssl command is not installed; apt-get install openssl"),
    .timeLimit(.minutes(1)))
struct OpenSSLToolTests {
    let parties: TestParties
    let files: OpenSSLTool.Files

    init() throws {
        parties = try TestParties()
        files = try OpenSSLTool.Files(parties)
    }

    private var asMember: [String] { ["-cert", files.path("member.pem"), "-key", files.path("member.key")] }

    /// Runs s_client against a server that echoes five bytes and closes.
    private func runClient(_ arguments: [String]) async throws -> (printed: String, atServer: ConnectionOutcome) {
        let server = try await SocketServer.start(parties.server(), .echo(closeAfterBytes: 5))
        let client = try OpenSSLTool(
            [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", files.path("root.pem"),
                "-verify_return_error", "-verify_hostname", "relay.test",
            ] + arguments)
        try? client.send("olleh")
        let printed = await client.finish()
        let outcome = try await server.firstOutcome.get()
        try await server.stop()
        return (printed, outcome)
    }

    @Test func `s_client with a member's certificate gets through, and gets no session ticket`() async throws {
        let (printed, atServer) = try await runClient(["-alpn", "lessons/1"] + asMember)
        #expect(atServer.completed?.peer?.certificate == parties.member.certificate)
        #expect(String(buffer: atServer.received) == "olleh")
        #expect(printed.contains("New, TLSv1.3"))
        #expect(printed.contains("ALPN protocol: lessons/1"))
        #expect(printed.contains("Verify return code: 0 (ok)"))
        #expect(printed.contains("olleh"))
        // It prints this for each ticket; the echo came after the place where they would have been.
        #expect(!printed.contains("New Session Ticket arrived"))
        #expect(!printed.contains("TLS session ticket:"))
        // It leaves when the server closes, without a close_notify of its own.
        #expect(atServer.errors.isEmpty)
    }

    @Test func `s_client without a certificate is refused`() async throws {
        let (printed, atServer) = try await runClient(["-alpn", "lessons/1"])
        #expect(printed.contains("SSL alert number 116"))
        #expect(atServer.completed == nil)
        #expect(atServer.tlsErrors.map(\.sentAlert) == ["certificate_required"])
    }

    @Test func `s_client with a foreign certificate is refused`() async throws {
        let foreign = try TestAuthority(name: "Foreign").member()
        try files.write("foreign.pem", foreign.certificate.pem)
        try files.write("foreign.key", foreign.key.pem(passphrase: nil))
        let (printed, atServer) = try await runClient([
            "-alpn", "lessons/1", "-cert", files.path("foreign.pem"), "-key", files.path("foreign.key"),
        ])
        #expect(printed.contains("SSL alert number 48"))
        #expect(atServer.tlsErrors.map(\.sentAlert) == ["unknown_ca"])
    }

    @Test func `s_client with TLS 1_2 is refused for its version`() async throws {
        for alpn in [["-alpn", "lessons/1"], []] {
            let (printed, atServer) = try await runClient(["-tls1_2"] + alpn + asMember)
            #expect(printed.contains("SSL alert number 70"))
            #expect(atServer.tlsErrors.map(\.sentAlert) == ["protocol_version"])
        }
    }

    @Test(arguments: [[], ["-alpn", "http/1.1,h2"]])
    func `s_client without our application protocol is refused`(alpn: [String]) async throws {
        let (printed, atServer) = try await runClient(alpn + asMember)
        #expect(printed.contains("SSL alert number 120"))
        #expect(atServer.tlsErrors.map(\.sentAlert) == ["no_application_protocol"])
    }

    @Test func `our client talks to s_server`() async throws {
        let (outcome, printed) = try await connectToServer(parties.client())
        // s_server -rev answers each line in reverse.
        #expect(String(buffer: outcome.received) == "olleh\n")
        #expect(outcome.errors.isEmpty)
        #expect(outcome.completed?.applicationProtocol == "lessons/1")
        #expect(outcome.completed?.peer?.certificate == parties.relay.certificate)
        #expect(printed.contains("CONNECTION ESTABLISHED"))
    }

    @Test func `our client without a certificate is told so by s_server`() async throws {
        let (outcome, _) = try await connectToServer(parties.client(identity: nil))
        #expect(outcome.tlsErrors == [.peerAlert(name: "certificate_required", code: 116)])
    }

    @Test func `our client refuses s_server under another name`() async throws {
        let (outcome, _) = try await connectToServer(parties.client(serverName: "other.test"))
        #expect(outcome.tlsErrors.map(\.sentAlert) == ["bad_certificate"])
        #expect(outcome.completed == nil)
    }

    @Test func `our client refuses a server of TLS 1_2`() async throws {
        let (outcome, _) = try await connectToServer(parties.client(), options: ["-tls1_2"])
        #expect(outcome.completed == nil)
        #expect(outcome.tlsErrors == [.peerAlert(name: "protocol_version", code: 70)])
    }

    private func connectToServer(
        _ context: TLSContext, options: [String] = ["-tls1_3"]
    ) async throws -> (ConnectionOutcome, printed: String) {
        let server = try OpenSSLTool(
            [
                "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", "-cert", files.path("relay.pem"), "-key",
                files.path("relay.key"), "-cert_chain", files.path("issuing.pem"), "-CAfile", files.path("issuing.pem"),
                "-partial_chain", "-Verify", "3", "-alpn", "lessons/1",
            ] + options)
        defer { server.terminate() }
        // With port 0 it prints which one it has.
        let greeting = await server.read(until: "ACCEPT")
        let port = greeting.split(whereSeparator: \.isNewline).compactMap { line in
            line.hasPrefix("ACCEPT") ? line.split(separator: ":").last.flatMap { Int($0) } : nil
        }.first
        let outcome = try await connectSocket(port: try #require(port), context, .sayAndClose("hello\n"))
        return (outcome, await server.finish())
    }
}
