internal import FoundationEssentials
package import LessonModel
package import Storage
internal import Wire

/// Brings one file to the relay, from where an earlier attempt ended.
package struct AttachmentUpload: Sendable {
    private let connection: RelayConnection
    private let files: BlobFiles?

    /// - Parameter files: where the copies of this person's files are; nil when there are none.
    package init(connection: RelayConnection, files: BlobFiles?) {
        self.connection = connection
        self.files = files
    }

    /// Pieces that are on their way at once.
    private static let window = 2
    /// The relay's place may differ from ours when two processes send the same file.
    private static let maxRestarts = 3

    /// - Parameter progress: told how many bytes the relay has.
    /// - Throws: what `RelayConnection.request` throws; `.request` with ATTACHMENT_MISSING when the copy is not here. What
    ///   the relay has by then it keeps for a day.
    package func send(_ attachment: Attachment, progress: (Int64) -> Void = { _ in }) async throws(ClientError) {
        for _ in 0..<Self.maxRestarts {
            if try await sendOnce(attachment, progress) { return }
        }
        throw .request(
            WireError(.overloaded, "another process sends the file \"\(attachment.name)\" too", isRetryable: true))
    }

    /// - Returns: false when the relay was at another place than expected.
    private func sendOnce(_ attachment: Attachment, _ progress: (Int64) -> Void) async throws(ClientError) -> Bool {
        var open = WireBlobOpen()
        open.digest = Data(attachment.digest)
        open.size = UInt64(clamping: attachment.size)
        let standing = try await have(connection.submit(.blobOpen(open)))
        progress(standing.offset)
        guard !standing.isComplete else { return true }
        var sent = standing.offset
        var waiting: [(end: Int64, response: PendingResponse)] = []
        while sent < attachment.size || !waiting.isEmpty {
            while sent < attachment.size, waiting.count < Self.window {
                let bytes = try piece(attachment, at: sent)
                var chunk = WireBlobChunk()
                chunk.digest = Data(attachment.digest)
                chunk.offset = UInt64(sent)
                chunk.data = Data(bytes)
                sent += Int64(bytes.count)
                waiting.append((sent, connection.submit(.blobChunk(chunk))))
            }
            let oldest = waiting.removeFirst()
            guard try await have(oldest.response).offset == oldest.end else {
                for rest in waiting { _ = try await have(rest.response) }
                return false
            }
            progress(oldest.end)
        }
        var done = WireBlobDone()
        done.digest = Data(attachment.digest)
        try await connection.done(.blobDone(done))
        return true
    }

    private func piece(_ attachment: Attachment, at offset: Int64) throws(ClientError) -> [UInt8] {
        let bytes: [UInt8]?
        do {
            bytes = try files?.read(attachment.digest, at: offset, count: connection.maxPieceBytes)
        } catch {
            throw .storage(error)
        }
        guard let bytes, !bytes.isEmpty else {
            throw .request(
                WireError(
                    .attachmentMissing,
                    "the copy of \"\(attachment.name)\" is not on this machine any more; drop the post, and post it again",
                    field: "attachments"))
        }
        return bytes
    }

    private func have(_ response: PendingResponse) async throws(ClientError) -> (offset: Int64, isComplete: Bool) {
        guard case .blobHave(let have) = try await response.value() else { throw RelayConnection.unexpectedAnswer }
        return (Int64(clamping: have.offset), have.complete)
    }
}

extension RelayConnection {
    /// Of a file, in one frame of this connection.
    var maxPieceBytes: Int {
        let frame = Int(welcome.limits.maxFrameBytes)
        return min(BlobFiles.maxPieceBytes, max(1_024, (frame == 0 ? 1 << 20 : frame) - 1_024))
    }

    /// A piece of an attachment of a post, at most 256 KiB; empty at the end.
    /// - Throws: `.request` with NOT_FOUND when there is none that is for this member.
    package func attachmentPiece(
        _ attachment: Attachment, of post: PostID, at offset: Int64
    ) async throws(ClientError) -> [UInt8] {
        var get = WireBlobGet()
        get.postID = Data(post.bytes)
        get.digest = Data(attachment.digest)
        get.offset = UInt64(clamping: offset)
        get.length = UInt32(clamping: maxPieceBytes)
        guard case .blobChunk(let chunk) = try await request(.blobGet(get)) else { throw Self.unexpectedAnswer }
        guard chunk.offset == get.offset, chunk.data.count <= BlobFiles.maxPieceBytes else {
            throw Self.unexpectedAnswer
        }
        return Array(chunk.data)
    }
}
