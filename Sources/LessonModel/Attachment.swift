/// A file beside a post, as the post's author signed it: its bytes are those of the digest, or it is not this file.
package struct Attachment: Hashable, Sendable {
    package static let maxPerPost = 16
    package static let maxNameBytes = 255
    package static let maxMediaTypeBytes = 127
    package static let digestBytes = 32

    /// Without folders.
    package var name: String
    /// As in RFC 6838 §4.2, such as `application/pdf`.
    package var mediaType: String
    /// In bytes, at least 1.
    package var size: Int64
    /// SHA-256 of its bytes.
    package var digest: [UInt8]

    package init(name: String, mediaType: String, size: Int64, digest: [UInt8]) {
        self.name = name
        self.mediaType = mediaType
        self.size = size
        self.digest = digest
    }

    package func validate() throws(PostRuleError) {
        if let problem = Attachment.problem(ofName: name) { throw Attachment.error(problem) }
        guard Attachment.isMediaType(mediaType) else {
            throw Attachment.error("\"\(mediaType.prefix(40))\" is no media type; write it like application/pdf")
        }
        guard size > 0 else { throw Attachment.error("the file \"\(name)\" is empty") }
        guard digest.count == Attachment.digestBytes else {
            throw Attachment.error("the digest must be \(Attachment.digestBytes) bytes")
        }
    }

    /// Why a file cannot be attached under this name; nil when it can. A name that a file system or a terminal could take
    /// for something else is none.
    package static func problem(ofName name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= maxNameBytes else {
            return "the name of an attachment has 1 to \(maxNameBytes) bytes"
        }
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
            default: scalar != "/" && scalar != "\\"
            }
        }
        // What begins with a dot would be hidden, and may be what a shell runs when it starts.
        guard isPlain, !name.hasPrefix("."), !name.hasPrefix("-"), name.contains(where: { !$0.isWhitespace }) else {
            return
                "\"\(name.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(40).map(String.init).joined())\" "
                + "cannot be the name of an attachment: it has no folders, no invisible characters, and no . or - at its beginning"
        }
        return nil
    }

    /// RFC 6838 §4.2, a type and a subtype without parameters.
    static func isMediaType(_ text: String) -> Bool {
        guard text.utf8.count <= maxMediaTypeBytes else { return false }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                part.first.map(isAlphanumeric) == true
                    && part.allSatisfy { isAlphanumeric($0) || "!#$&-^_.+".utf8.contains($0) }
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    fileprivate static func error(_ problem: String) -> PostRuleError {
        PostRuleError(field: "attachments", problem: problem)
    }
}

extension PostKind {
    /// Files can belong to it.
    package var takesAttachments: Bool {
        switch self {
        case .lesson, .comment, .revision, .applicationReport, .translation: true
        case .endorsement, .stateChange, .redaction: false
        }
    }
}

extension Post {
    func validateAttachments() throws(PostRuleError) {
        guard !attachments.isEmpty else { return }
        guard body.kind.takesAttachments else {
            throw Attachment.error("\(body.kind.withArticle) has no attachments; attach the file to a reply")
        }
        guard attachments.count <= Attachment.maxPerPost else {
            throw Attachment.error("a post has at most \(Attachment.maxPerPost) attachments")
        }
        for attachment in attachments { try attachment.validate() }
        var names: Set<String> = []
        for attachment in attachments where !names.insert(attachment.name).inserted {
            throw Attachment.error("two attachments have the name \"\(attachment.name)\"; rename one")
        }
    }
}
