import Foundation
import LessonModel
import Storage
import Wire

/// Files beside posts. They are for whom a post that carries them is for, and nobody learns by an upload what is here.
extension RelayCore {
    func openBlob(_ request: WireBlobOpen, _ principal: Principal) throws -> WireBlobHave {
        let digest = try digest(request.digest)
        guard AccessPolicy.mayUpload(principal) else {
            throw RequestRefusal(AccessPolicy.refusal("attaching files", principal))
        }
        guard request.size > 0, request.size <= UInt64(limits.maxAttachmentBytes) else {
            throw RequestRefusal(
                .invalid,
                limits.maxAttachmentBytes == 0
                    ? "this relay takes no attachments"
                    : "a file that is attached has 1 byte to \(limits.maxAttachmentBytes / 1_048_576) MiB",
                field: "size")
        }
        let standing = try store.openUpload(
            digest, size: Int64(request.size), by: principal.viewer, at: clock(), limits: uploadLimits)
        return WireBlobHave(digest, standing)
    }

    func addChunk(_ request: WireBlobChunk, _ principal: Principal) throws -> WireBlobHave {
        let digest = try digest(request.digest)
        guard AccessPolicy.mayUpload(principal) else {
            throw RequestRefusal(AccessPolicy.refusal("attaching files", principal))
        }
        guard request.data.count <= BlobFiles.maxPieceBytes else {
            throw RequestRefusal(
                .invalid, "a piece of a file has at most \(BlobFiles.maxPieceBytes / 1_024) KiB", field: "data")
        }
        let standing = try request.data.withUnsafeBytes { bytes in
            try store.appendUpload(
                bytes, at: Int64(clamping: request.offset), of: digest, by: principal.member.id, at: clock(),
                limits: uploadLimits)
        }
        guard let standing else {
            throw RequestRefusal(.notFound, "open the upload first, with BlobOpen", field: "digest")
        }
        return WireBlobHave(digest, standing)
    }

    func finishBlob(_ request: WireBlobDone, _ principal: Principal) throws -> WireDone {
        let digest = try digest(request.digest)
        guard AccessPolicy.mayUpload(principal) else {
            throw RequestRefusal(AccessPolicy.refusal("attaching files", principal))
        }
        guard try store.finishUpload(digest, by: principal.member.id, at: clock()) else {
            throw RequestRefusal(
                WireError(
                    .digestMismatch, "the bytes that came are not those of the file; they are sent anew",
                    field: "digest",
                    isRetryable: true))
        }
        return WireDone()
    }

    func blob(_ request: WireBlobGet, _ principal: Principal) throws -> WireBlobChunk {
        let digest = try digest(request.digest)
        let missing = RequestRefusal(.notFound, "there is no such attachment, or it is not for you", field: "digest")
        guard let post = PostID(bytes: request.postID) else {
            throw RequestRefusal(.invalid, "post_id must be 16 bytes", field: "post_id")
        }
        guard try store.carries(post, digest, viewer: principal.viewer) || isHeld(post, digest, for: principal) else {
            throw missing
        }
        let wanted = request.length == 0 ? BlobFiles.maxPieceBytes : Int(request.length)
        let count = min(wanted, BlobFiles.maxPieceBytes, limits.maxFrameBytes - 1_024)
        guard let offset = Int64(exactly: request.offset),
            let bytes = try store.blobPiece(digest, at: offset, count: count)
        else { throw missing }
        var chunk = WireBlobChunk()
        chunk.digest = Data(digest)
        chunk.offset = request.offset
        chunk.data = Data(bytes)
        return chunk
    }

    private func isHeld(_ post: PostID, _ digest: [UInt8], for principal: Principal) throws -> Bool {
        guard let held = try store.heldPost(post, carrying: digest) else { return false }
        return held.author == principal.member.id || isFor(principal, held)
    }

    private var uploadLimits: UploadLimits {
        UploadLimits(
            maxFiles: limits.maxUploadsPerMember, maxBytes: Int64(limits.maxUploadBytesPerMember),
            minFreeBytes: Int64(limits.minFreeBytes))
    }

    private func digest(_ data: Data) throws -> [UInt8] {
        guard data.count == Attachment.digestBytes else {
            throw RequestRefusal(.invalid, "digest must be \(Attachment.digestBytes) bytes", field: "digest")
        }
        return Array(data)
    }
}

extension WireBlobHave {
    fileprivate init(_ digest: [UInt8], _ standing: UploadStanding) {
        self.init()
        self.digest = Data(digest)
        offset = UInt64(clamping: standing.offset)
        complete = standing.isComplete
    }
}
