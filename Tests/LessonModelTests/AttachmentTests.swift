import Testing

@testable import LessonModel

@Suite struct AttachmentTests {
    private func post(_ files: [LessonModel.Attachment], _ body: Post.Body? = nil) throws -> Post {
        let id = try #require(PostID(bytes: [UInt8](repeating: 7, count: 16)))
        let author = try #require(MemberID(bytes: [UInt8](repeating: 8, count: 16)))
        let thread = try body == nil ? id : #require(PostID(bytes: [UInt8](repeating: 9, count: 16)))
        return Post(
            id: id, salt: [UInt8](repeating: 1, count: Post.saltBytes), author: author,
            organisation: try #require(OrganisationSlug("police-al")), createdAt: 1,
            topic: try #require(Topic("policing/community")), thread: thread, marking: .green, audience: .everybody,
            language: "en",
            body: body ?? .lesson(Lesson(title: "Title", observation: "It happened.", recommendation: "Change it.")),
            attachments: files)
    }

    private func file(
        _ name: String = "plan.pdf", type: String = "application/pdf", size: Int64 = 1, digest: Int = 32
    ) -> LessonModel.Attachment {
        LessonModel.Attachment(name: name, mediaType: type, size: size, digest: [UInt8](repeating: 3, count: digest))
    }

    @Test(arguments: ["plan.pdf", "План участка.pdf", "a b (1).tar.gz", "Ñandú", "plan..pdf"])
    func `a plain name is taken`(_ name: String) throws {
        try post([file(name)]).validate()
        #expect(LessonModel.Attachment(exportLine: file(name).exportLine) == file(name))
    }

    /// What a file system, a shell or a terminal could take for something else.
    @Test(arguments: [
        "", " ", ".", "..", ".bashrc", "-rf", "a/b", "/etc/passwd", "a\\b", "a\u{0}b", "a\nb", "a\u{1B}[2J",
        "a\u{202E}fdp.exe",
        "a\u{200B}b", String(repeating: "a", count: 256),
    ])
    func `another name is refused, with the field`(_ name: String) throws {
        let wrong = try post([file(name)])
        #expect { try wrong.validate() } throws: { ($0 as? PostRuleError)?.field == "attachments" }
        #expect(LessonModel.Attachment(exportLine: file(name).exportLine) == nil)
    }

    @Test func `types, sizes, digests, numbers and kinds have their rules`() throws {
        let parent = try #require(PostID(bytes: [UInt8](repeating: 9, count: 16)))
        let comment = Post.Body.comment(Comment(parent: parent, text: "See there."))
        try post([file()], comment).validate()
        let many = (0..<17).map { file("\($0)") }
        try post(Array(many.prefix(16))).validate()
        let wrong = [
            try post([file(type: "pdf")]), try post([file(type: "a/b/c")]), try post([file(type: "text/x; charset=y")]),
            try post([file(size: 0)]), try post([file(digest: 31)]), try post(many), try post([file(), file()]),
            try post([file()], .endorsement(Endorsement(isWithdrawal: false, note: ""))),
        ]
        for post in wrong {
            #expect { try post.validate() } throws: { ($0 as? PostRuleError)?.field == "attachments" }
        }
    }
}
