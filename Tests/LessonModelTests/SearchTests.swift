import LessonModel
import TestSupport
import Testing

@Suite struct SearchTests {
    @Test(arguments: [
        ("Żółć, Łódź", "zolc lodz"), ("Größe straße", "grosse strasse"),
        ("İstanbul ISPARTA ılık", "istanbul isparta ilik"),
        ("Ёлка, Їжак й ґанок", "елка іжак и ганок"), ("Đorđe Ćirić", "dorde ciric"), ("Þórður Æsir", "thordur aesir"),
        ("l’homme e-mail", "l homme e mail"), ("naïve cafe\u{301}", "naive cafe"), ("  --  ", ""),
        ("Қазақ өнер", "казак онер"),
        ("Dvořák § 12a", "dvorak 12a"),
    ])
    func `letters lose case, marks and strokes`(_ text: String, _ folded: String) {
        #expect(SearchFolding.fold(text) == folded)
        #expect(SearchFolding.words(in: text).map(\.folded).joined(separator: " ") == folded)
    }

    @Test func `a folded text is its words, whatever letters it has`() {
        var random = SeededRandom(for: "folding")
        let letters = Array("aZ9 -ßẞæŒłİıéЁңҒшΑω漢字あ한ﬁ🙂\u{301}\u{20E3}\u{200B}\n٣".unicodeScalars)
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &random) { text.unicodeScalars.append(random.pick(letters)) }
            let words = SearchFolding.words(in: text).map(\.folded)
            #expect(SearchFolding.fold(text) == words.joined(separator: " "), "\(text.debugDescription)")
        }
        #expect(
            SearchFolding.fold(String(repeating: "ŒŒŒ ", count: 100))
                == Array(repeating: "oeoeoe", count: 100).joined(separator: " "))
    }

    @Test func `any text is folded to its words, and they are counted`() {
        var random = SeededRandom(for: "folding")
        let some = Array("aZ9 -.\u{301}ßŁЁё静١\n\u{200D}🙂İ".unicodeScalars)
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &random) { text.unicodeScalars.append(random.pick(some)) }
            let words = SearchFolding.words(in: text).map(\.folded)
            #expect(SearchFolding.fold(text) == words.joined(separator: " "), "\(text.debugDescription)")
            #expect(SearchFolding.wordCount(ofFolded: SearchFolding.fold(text)) == words.count)
        }
    }

    @Test func `a word stands where it was written`() {
        let text = "Eine Größe, zwei"
        #expect(SearchFolding.words(in: text).map { String(text[$0.range]) } == ["Eine", "Größe", "zwei"])
    }

    @Test func `a query is words, phrases, beginnings and exclusions`() throws {
        let query = try SearchQuery("  Police \"use of Force\" complain* -drones -\"body camera\" e-mail")
        #expect(query.terms.map(\.words) == [["police"], ["use", "of", "force"], ["complain"], ["e", "mail"]])
        #expect(query.terms.map(\.isPrefix) == [false, false, true, false])
        #expect(query.excluded.map(\.words) == [["drones"], ["body", "camera"]])
        #expect(!query.isAny)
    }

    @Test(arguments: ["", "  ", "-only", "\"\"", "* - !!", String(repeating: "a", count: 1_001)])
    func `a query without a word, or too long, says what to write`(_ text: String) {
        #expect(throws: PostRuleError.self) { try SearchQuery(text) }
    }

    @Test func `more words than a query takes are refused`() {
        #expect(throws: PostRuleError.self) { try SearchQuery((0..<33).map { "w\($0)" }.joined(separator: " ")) }
        #expect(throws: Never.self) { try SearchQuery((0..<32).map { "w\($0)" }.joined(separator: " ")) }
    }

    @Test func `a text makes a query of its longer words, each once`() throws {
        let query = try #require(SearchQuery(similarTo: "The valve of the valve was not closed. Valves fail."))
        #expect(query.isAny)
        #expect(query.terms.map(\.words) == [["valve"], ["closed"], ["valves"], ["fail"]])
        #expect(SearchQuery(similarTo: "a of the") == nil)
    }

    @Test func `a snippet is the piece with the most terms, its finds marked`() throws {
        let filler = Array(repeating: "nothing", count: 60).joined(separator: " ")
        let text = "A complaint was lost. \(filler) Then a complaint about force came. \(filler)"
        let snippet = SearchSnippet(of: ["nothing here", text], for: try SearchQuery("force complaints"))
        let shown = snippet.fragments.map(\.text).joined()
        #expect(shown.contains("a complaint about force came"))
        #expect(!shown.contains("was lost"))
        #expect(snippet.fragments.filter(\.isMatch).map(\.text) == ["complaint", "force"])
        #expect(shown.hasPrefix("… ") && shown.hasSuffix(" …"))
        #expect(SearchFolding.words(in: shown).count <= SearchSnippet.maxWords)
    }

    @Test func `a snippet of a text without the terms is empty, and of a short one is whole`() throws {
        #expect(SearchSnippet(of: ["one two"], for: try SearchQuery("three")).fragments.isEmpty)
        #expect(SearchSnippet(of: ["one two"], for: try SearchQuery("two")).fragments.map(\.text) == ["one ", "two"])
    }
}
