package import LessonModel
import NIOCore
import NIOPosix
import PKI
import Storage
import Synchronization

/// The relay in numbers, at one instant.
package struct RelayMeasures: Sendable {
    package struct CertificateEnd: Sendable {
        /// The subject's common name.
        package var name: String
        /// `relay`, `issuing`, `root` or `status`.
        package var kind: String
        /// Seconds since 1970.
        package var notAfter: Int64
    }

    package struct Issuer: Sendable {
        package var name: String
        /// Nil when nothing is published.
        package var published: RevocationPublication.IssuerState?
    }

    /// Seconds since 1970.
    package var now: Int64
    package var sessions: Int
    package var head: SequenceNumber
    package var pendingPosts: Int
    package var deliveries: Int
    package var counters: [(name: RelayCounters.Name, value: Int)]
    package var certificates: [CertificateEnd]
    package var issuers: [Issuer]
}

extension RelayServer {
    /// Every event loop turns and the database answers. Returns only when they do.
    package func isResponsive() async -> Bool {
        for loop in loops { try? await loop.eventLoop.submit {}.get() }
        let store = core.store
        return await (try? core.pool.run { try store.probe() }) != nil
    }

    /// Blocks for a moment.
    package var measures: RelayMeasures {
        let authority = core.authority
        var certificates = [
            RelayMeasures.CertificateEnd(
                name: core.identity.domain, kind: "relay",
                notAfter: core.certificateEnd.load(ordering: .relaxed) / 1_000),
            RelayMeasures.CertificateEnd(
                name: authority.root.commonName ?? "root", kind: "root", notAfter: authority.root.notAfter),
        ]
        var issuers: [RelayMeasures.Issuer] = []
        for certificate in authority.issuingCertificates {
            let name = certificate.commonName ?? "issuing"
            certificates.append(.init(name: name, kind: "issuing", notAfter: certificate.notAfter))
            let published = certificate.subjectKeyID.flatMap { core.publication?.issuerState(of: $0) }
            if let published {
                certificates.append(.init(name: name, kind: "status", notAfter: published.statusSignerEnds))
            }
            issuers.append(.init(name: name, published: published))
        }
        return RelayMeasures(
            now: core.clock() / 1_000, sessions: core.registry.count, head: core.store.head(),
            pendingPosts: core.committer.pendingCount, deliveries: core.counters.deliveries.value,
            counters: core.counters.all, certificates: certificates, issuers: issuers)
    }

    /// What keeps the relay from serving, in one sentence; nil when it serves. Blocks for a look into the database.
    package var problem: String? {
        if isStopping { return "the relay is stopping" }
        do {
            try core.store.probe()
        } catch {
            return "the database cannot be read: \(error)"
        }
        return nil
    }
}
