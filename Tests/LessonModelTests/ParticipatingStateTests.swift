import LessonModel
import Testing

@Suite struct ParticipatingStateTests {
    @Test func `there are 57 participating States and 11 Partners, each once`() {
        let all = ParticipatingState.all
        #expect(all.filter { $0.status == .participating }.count == 57)
        #expect(all.filter { $0.status == .partnerMediterranean }.count == 6)
        #expect(all.filter { $0.status == .partnerAsia }.count == 5)
        #expect(Set(all.map(\.code)).count == 68)
        #expect(all.allSatisfy { CountryCode.isWellFormed($0.code) })
    }

    @Test func `names are the OSCE's`() {
        #expect(ParticipatingState.name(of: "TR") == "Türkiye")
        #expect(ParticipatingState.name(of: "VA") == "Holy See")
        #expect(ParticipatingState.name(of: "CZ") == "Czechia")
        #expect(ParticipatingState.name(of: "KR") == "Republic of Korea")
        #expect(ParticipatingState.name(of: "XK") == nil)
        #expect(!ParticipatingState.isKnown("no"))
        #expect(ParticipatingState.isKnown("NO"))
    }

    @Test func `a State is found by its other names too`() {
        for name in ["Türkiye", "TÜRKIYE", "Turkiye", "Turkey"] {
            #expect(ParticipatingState.code(named: name) == "TR")
        }
        for state in ParticipatingState.all { #expect(ParticipatingState.code(named: state.name) == state.code) }
        #expect(ParticipatingState.code(named: "Atlantis") == nil)
    }
}
