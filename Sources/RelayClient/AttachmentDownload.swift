package import LessonModel
internal import PKI
internal import Storage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Fetches an attachment into a file, goes on where an earlier attempt ended, and checks that it is what the author signed.
package struct AttachmentDownload: Sendable {
    private let connection: RelayConnection

    package init(connection: RelayConnection) { self.connection = connection }

    /// Writes to `path` with `.part` behind it, and gives it its name when all is there and right. The file is for its
    /// owner only.
    /// - Parameter progress: told how many bytes are here.
    /// - Throws: `.identity` when a file cannot be written or one is there already, `.request` when the relay does not give
    ///   it, `.invalidPost` when it gives other bytes than the author signed. A part stays, unless its bytes were wrong.
    package func fetch(
        _ attachment: Attachment, of post: PostID, to path: String, progress: (Int64) -> Void = { _ in }
    ) async throws(ClientError) {
        guard access(path, F_OK) != 0 else {
            throw .identity("\(path) exists already; choose another folder, or move the file away")
        }
        let partial = path + ".part"
        let file = open(partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .identity("\(partial) cannot be written: \(Profile.errorText(errno))") }
        defer { close(file) }
        var size = Int64(lseek(file, 0, SEEK_END))
        if size > attachment.size {
            guard ftruncate(file, 0) == 0 else { throw .identity("\(partial) cannot be written") }
            size = 0
        }
        progress(size)
        while size < attachment.size {
            let bytes = try await connection.attachmentPiece(attachment, of: post, at: size)
            guard !bytes.isEmpty else {
                throw .invalidPost("the relay's copy of \"\(attachment.name)\" is shorter than its author said")
            }
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes {
                    pwrite(file, $0.baseAddress! + written, bytes.count - written, off_t(size) + off_t(written))
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw .identity("\(partial) cannot be written: \(Profile.errorText(errno))") }
                written += count
            }
            size += Int64(bytes.count)
            progress(size)
        }
        let digest: [UInt8]
        do { digest = try BlobFiles.digest(of: partial) } catch { throw .storage(error) }
        guard digest == attachment.digest, size == attachment.size else {
            unlink(partial)
            throw .invalidPost("\"\(attachment.name)\" is not the file that its author signed; it was deleted here")
        }
        fsync(file)
        // link and not rename, which would replace a file that came meanwhile.
        guard link(partial, path) == 0 else {
            throw .identity("\(path) cannot be named: \(Profile.errorText(errno)); the file is \(partial)")
        }
        unlink(partial)
    }
}
