import Foundation
import LessonModel
import Testing

@testable import LessonsCommand

/// Threads for exports, with no keys.
enum MadeThreads {
    static func id(_ number: UInt64) -> PostID { PostID(UUIDValue(high: 7, low: number)) }

    static func facts(
        _ number: UInt64, parent: UInt64? = nil, marking: Marking = .clear, name: String? = "Arta Ali",
        signature: PostFacts.Signature = .verified
    ) throws -> PostFacts {
        PostFacts(
            id: id(number), kind: parent == nil ? "lesson" : "comment", parent: parent.map(id),
            sequence: Int64(number), createdAt: 1_795_514_709_123, receivedAt: 1_795_514_709_123,
            author: MemberID(UUIDValue(high: 1, low: 1)), authorName: signature == .verified ? name : nil,
            organisation: try #require(OrganisationSlug("al-ombudsman")), marking: marking, audience: .everybody,
            language: "en", signature: signature)
    }

    static func thread(
        title: String = "Title", observation: String = "Observed.", marking: Marking = .clear,
        name: String? = "Arta Ali",
        signature: PostFacts.Signature = .verified, replies: [ThreadDocument.Reply] = []
    ) throws -> ThreadDocument {
        ThreadDocument(
            lesson: LessonDocument(
                lesson: Lesson(
                    title: title, observation: observation, recommendation: "Do it.", tags: ["patrols & <streets>"],
                    references: ["https://example.org/a?b=c&d", "A book"]),
                topic: try #require(Topic("policing/community")), language: "en", marking: marking, audience: .everybody
            ),
            facts: try facts(1, marking: marking, name: name, signature: signature), state: .observation,
            replies: replies)
    }

    static func reply(
        _ number: UInt64, to parent: UInt64, _ text: String = "Reply", marking: Marking = .clear,
        signature: PostFacts.Signature = .verified
    ) throws -> ThreadDocument.Reply {
        ThreadDocument.Reply(
            facts: try facts(number, parent: parent, marking: marking, signature: signature), text: text)
    }

    /// Texts that have broken a reader somewhere.
    static let hostile = [
        "Subject\r\nBcc: victim@example.org", "a\n\nFrom nobody Tue Nov 24 10:05:09 2026\nSubject: forged\n\nBody",
        "From me to you", ">From quoted", ">>From twice", "=?UTF-8?Q?forged?=", "\u{202E}desrever",
        "\u{1B}[31mred\u{7}",
        "<script>alert(1)</script>", "]]>&amp;<![CDATA[", "\" onload=\"x", "' onerror='y", "</style><script>", "-->",
        "Привет, мир — 日本語 🇦🇱", String(repeating: "long ", count: 300), String(repeating: "x", count: 1_200),
        "trailing   ", "tab\tend\t", "= equals =3D", ".", "\u{FFFE}\u{FFFF}", "quote \" and \\ back", "a@b <c>, (d)",
    ]
}

@Suite struct MailTests {
    @Test func `a message says marking, origin and place in the thread`() throws {
        let replies = try [
            MadeThreads.reply(2, to: 1, "First", marking: .clear), MadeThreads.reply(3, to: 2, "Second"),
        ]
        let text = MailMessage.mailbox(try MadeThreads.thread(title: "Title", replies: replies))
        let messages = text.components(separatedBy: "From lessons@lessons.invalid ").dropFirst()
        #expect(messages.count == 3)
        #expect(
            messages.last == """
                Tue Nov 24 10:05:09 2026
                From: "Arta Ali (al-ombudsman)"
                 <00000000-0000-0001-0000-000000000001@al-ombudsman.lessons.invalid>
                Date: Tue, 24 Nov 2026 10:05:09 +0000
                Subject: [TLP:CLEAR] Re: Title
                Message-ID: <00000000-0000-0007-0000-000000000003@lessons.invalid>
                In-Reply-To: <00000000-0000-0007-0000-000000000002@lessons.invalid>
                References: <00000000-0000-0007-0000-000000000001@lessons.invalid>
                 <00000000-0000-0007-0000-000000000002@lessons.invalid>
                X-TLP: TLP:CLEAR
                X-Lessons-Topic: policing/community
                X-Lessons-Kind: comment
                X-Lessons-Organisation: al-ombudsman
                X-Lessons-Sequence: 3
                X-Lessons-Post: 00000000-0000-0007-0000-000000000003
                X-Lessons-Signature: verified
                Content-Language: en
                MIME-Version: 1.0
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                TLP:CLEAR

                Second

                """ + "\n")
    }

    @Test(arguments: MadeThreads.hostile)
    func `no text makes a header, a message or a line that is too long`(text: String) throws {
        let thread = try MadeThreads.thread(
            title: text, observation: text, name: text, replies: [MadeThreads.reply(2, to: 1, text)])
        let mailbox = MailMessage.mailbox(thread)
        let lines = mailbox.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count { $0.hasPrefix("From ") } == 2)
        #expect(!lines.contains { $0.drop { $0 == ">" }.hasPrefix("From ") && $0.hasPrefix(">") })
        #expect(
            mailbox.utf8.allSatisfy { $0 == 0x0A || $0 == 0x09 || (0x20..<0x7F).contains($0) }, "ASCII without controls"
        )
        #expect(lines.allSatisfy { $0.utf8.count <= 300 })
        for message in mailbox.components(separatedBy: "\nFrom lessons@") {
            let head = message.components(separatedBy: "\n\n").first ?? ""
            let names = head.split(separator: "\n").dropFirst().filter { !$0.hasPrefix(" ") }.map {
                $0.prefix { $0 != ":" }
            }
            #expect(Set(names).count == names.count, "\(names)")
            #expect(
                names.allSatisfy {
                    [
                        "From", "Date", "Subject", "Message-ID", "In-Reply-To", "References", "MIME-Version",
                        "Content-Type", "Content-Language", "Content-Transfer-Encoding",
                    ].contains($0) || $0.hasPrefix("X-")
                }, "\(names)")
        }
    }

    @Test func `what is quoted reads as it was`() throws {
        for text in MadeThreads.hostile {
            let encoded = QuotedPrintable.encoded(text)
            #expect(encoded.split(separator: "\n").allSatisfy { $0.utf8.count <= 76 })
            #expect(try decoded(encoded) == text + "\n")
        }
    }

    @Test func `a long name in any script is whole again when its words are joined`() throws {
        for text in [
            "Уповноважений Верховної Ради України з прав людини", "Ž" + String(repeating: "ž", count: 200), "é a",
        ] {
            let line = MailHeader("Subject", text: text).lines
            let words = line.matches(of: /=\?UTF-8\?B\?([A-Za-z0-9+\/=]+)\?=/)
            #expect(words.allSatisfy { $0.output.0.utf8.count <= 75 })
            let bytes = words.flatMap { Data(base64Encoded: String($0.output.1)).map(Array.init) ?? [] }
            #expect(String(decoding: bytes, as: UTF8.self) == text)
            #expect(line.split(separator: "\n").allSatisfy { $0.utf8.count <= 90 })
        }
    }

    @Test func `a day of the week fits its date`() {
        #expect(MailDate.header(0) == "Thu, 1 Jan 1970 00:00:00 +0000")
        #expect(MailDate.header(-1) == "Wed, 31 Dec 1969 23:59:59 +0000")
        #expect(MailDate.separator(951_782_400_000) == "Tue Feb 29 00:00:00 2000")
        #expect(MailDate.separator(1_767_225_600_000) == "Thu Jan  1 00:00:00 2026")
    }

    @Test func `a long chain of answers keeps the lesson and the nearest`() throws {
        let replies = try (2...200).map { try MadeThreads.reply(UInt64($0), to: UInt64($0) - 1) }
        let text = MailMessage.mailbox(try MadeThreads.thread(replies: replies))
        let last = text.components(separatedBy: "References:").last ?? ""
        let ids = last.prefix { $0 != "X" }.split { $0 == "\n" || $0 == " " }
        #expect(ids.count == 21)
        #expect(ids.first == "<\(MadeThreads.id(1))@lessons.invalid>")
        #expect(ids.last == "<\(MadeThreads.id(199))@lessons.invalid>")
    }

    private func decoded(_ text: String) throws -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.replacing("=\n", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            bytes.append(try #require(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)))
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
