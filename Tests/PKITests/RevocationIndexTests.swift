import PKI
import TestSupport
import Testing

struct RevocationIndexTests {
    private let key = RevocationIndex.Key(issuerKeyID: [1, 2, 3], serialNumber: [0x40, 7])

    @Test func `a revoked certificate is found and others are not`() throws {
        let test = try TestAuthority()
        let one = try test.member().certificate
        let two = try test.member().certificate
        let index = RevocationIndex()
        #expect(!index.contains(one))
        let key = try #require(RevocationIndex.Key(one))
        #expect(index.insert(key, reason: .keyCompromise, time: 1_700_000_000))
        #expect(index.contains(one) && !index.contains(two))
        #expect(index.entry(key) == .init(reason: .keyCompromise, time: 1_700_000_000))
        #expect(index.count == 1)
    }

    @Test func `the same serial number of another issuer is another certificate`() {
        let index = RevocationIndex()
        index.insert(key, reason: .superseded, time: 1)
        #expect(!index.contains(RevocationIndex.Key(issuerKeyID: [1, 2], serialNumber: key.serialNumber)))
        #expect(index.contains(RevocationIndex.Key(issuerKeyID: [1, 2, 3], serialNumber: [0, 0x40, 7])))
    }

    @Test func `a certificate that names no issuer key counts as revoked`() throws {
        // A root names no other key.
        #expect(try RevocationIndex().contains(TestAuthority().rootCertificate))
    }

    @Test func `the first reason stays, but for a hold`() {
        let index = RevocationIndex()
        #expect(index.insert(key, reason: .certificateHold, time: 1))
        #expect(!index.insert(key, reason: .certificateHold, time: 2))
        #expect(index.insert(key, reason: .keyCompromise, time: 3))
        #expect(!index.insert(key, reason: .superseded, time: 4))
        #expect(index.entry(key) == .init(reason: .keyCompromise, time: 3))
    }

    @Test func `only a hold can be taken back`() {
        let index = RevocationIndex()
        #expect(!index.removeHold(key))
        index.insert(key, reason: .certificateHold, time: 1)
        #expect(index.removeHold(key) && !index.contains(key))
        index.insert(key, reason: .keyCompromise, time: 1)
        #expect(!index.removeHold(key) && index.contains(key))
        #expect(index.remove(key) == .init(reason: .keyCompromise, time: 1))
        #expect(index.remove(key) == nil && !index.contains(key))
    }

    @Test func `everything can be replaced at once`() {
        let index = RevocationIndex([key: .init(reason: .superseded, time: 1)])
        let other = RevocationIndex.Key(issuerKeyID: [9], serialNumber: [9])
        index.replaceAll(with: [other: .init(reason: .unspecified, time: 2)])
        #expect(!index.contains(key) && index.contains(other))
        #expect(index.snapshot == [other: .init(reason: .unspecified, time: 2)])
    }

    @Test func `look-ups and revocations meet from several threads`() async {
        let index = RevocationIndex()
        await withTaskGroup(of: Void.self) { group in
            for task in UInt8(0)..<8 {
                group.addTask { @concurrent in
                    for round in UInt8(0)..<100 {
                        let key = RevocationIndex.Key(issuerKeyID: [task], serialNumber: [1, round])
                        index.insert(key, reason: .unspecified, time: Int64(round))
                        #expect(index.contains(key))
                    }
                }
            }
        }
        #expect(index.count == 800)
    }

    @Test func `reasons have the numbers and names of RFC 5280`() {
        #expect(RevocationReason.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 9, 10])
        #expect(RevocationReason(name: "KeyCompromise") == .keyCompromise)
        #expect(RevocationReason(name: "cacompromise") == .authorityCompromise)
        #expect(RevocationReason(name: "removeFromCRL") == nil)
    }
}
