import Foundation
import LessonModel
import PKI
import RelayClient
import Synchronization
import TerminalUI

/// The identity of a command's run.
final class LoadedIdentity: Sendable {
    private let identity = Mutex<ClientIdentity?>(nil)

    func value(_ profile: Profile, _ passphrases: PassphraseSource) throws -> ClientIdentity {
        if let known = identity.withLock({ $0 }) { return known }
        let fresh = try profile.loadIdentity(passphrase: passphrases.keyPassphrase(of: profile.name))
        keep(fresh)
        return fresh
    }

    func refreshed(_ profile: Profile, _ passphrases: PassphraseSource) throws -> ClientIdentity {
        guard let known = identity.withLock({ $0 }) else { return try value(profile, passphrases) }
        let fresh = try profile.loadIdentity { (isAgain) throws(ClientError) in isAgain ? nil : known.keyPassphrase }
        keep(fresh)
        return fresh
    }

    func keep(_ fresh: ClientIdentity) { identity.withLock { $0 = fresh } }
}

/// What somebody does whose certificate is of no use any more.
enum WayBack {
    static func sentence(_ identity: ClientIdentity) -> String {
        """
        Ask an administrator to run: lessons admin invite --member \(identity.member.id)  and then run: \
        lessons join --again INVITATION. What waits here is kept and is sent then
        """
    }
}

/// Certificates are renewed by whatever command happens to be connected when two thirds of their time are over.
extension CommandContext {
    enum RenewalOutcome {
        case notDue
        case renewed(ClientIdentity)
        /// Another process has done it, or is at it.
        case elsewhere
    }

    /// Renews over `connection` when that is due; a failure is told and fails nothing.
    func renewIfDue(_ identity: ClientIdentity, over connection: RelayConnection) async {
        guard identity.needsRenewal(at: now / 1_000) else { return }
        do {
            if case .renewed(let renewed) = try await renew(identity, over: connection) {
                output.message(StyledText("your certificate was renewed: it ") + term(of: renewed).text)
            }
        } catch {
            output.warning(
                "your certificate \(term(of: identity).text.plainText) and could not be renewed: \(CommandFailure(any: error).message)"
            )
        }
    }

    /// Renews whether that is due or not, unless another process of this profile is at it or has done it meanwhile.
    func renew(_ identity: ClientIdentity, over connection: RelayConnection) async throws -> RenewalOutcome {
        try await profile.changingIfFree { () -> RenewalOutcome in
            let current = try freshIdentity()
            guard current.certificate == identity.certificate else { return .elsewhere }
            let renewed = try await Enrolment.renew(current, over: connection, now: now / 1_000)
            try replace(renewed)
            return .renewed(renewed)
        } ?? .elsewhere
    }

    func term(of identity: ClientIdentity) -> CertificateTerm {
        CertificateTerm(
            endsAt: (identity.certificate?.notAfter ?? 0).multipliedReportingOverflow(by: 1_000).partialValue, now: now)
    }

    /// Renews in good time for as long as the task lives, on connections of its own. For commands that run on.
    func keepRenewing() async {
        var schedule = RenewalSchedule()
        while !Task.isCancelled {
            guard let identity = try? freshIdentity(), let certificate = identity.certificate else { return }
            switch schedule.step(certificate, now: now / 1_000) {
            case .over: return
            case .wait(let seconds):
                do { try await ContinuousClock().sleep(for: .seconds(seconds)) } catch { return }
            case .renew:
                do {
                    let connection = try await connect(identity)
                    await renewIfDue(identity, over: connection)
                    await connection.close()
                } catch {
                    // The line is down: the command itself tells.
                }
                if (try? freshIdentity().certificate) == certificate { schedule.noteFailure(now: now / 1_000) }
            }
        }
    }
}
