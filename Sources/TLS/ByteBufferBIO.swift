internal import COpenSSL
internal import NIOCore

/// OpenSSL's transport as two byte buffers: libssl reads what the socket delivered from `inbound`, and what it
/// writes gathers in `outbound`. It never blocks, never fails and never reports an end of file; an empty `inbound`
/// asks for a retry.
///
/// The `BIO*` of `makeBIO()` points to this object without owning it, so this object must live until that BIO is
/// freed. `TLSConnection` holds both and frees the SSL, and with it the BIO, first.
final class ByteBufferBIO {
    /// Received and not yet read by libssl. The handler lends it the very buffer that the channel read into.
    private(set) var inbound = ByteBuffer()
    /// Written by libssl and not yet taken.
    private var outbound = ByteBuffer()
    /// What libssl holds of a record that has not fully arrived.
    private(set) var partialRecordBytes = 0

    /// Hands over received bytes; copies only if earlier ones are still unread.
    func receive(_ buffer: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = buffer
        } else {
            inbound.writeImmutableBuffer(buffer)
        }
    }

    /// Gives up the received buffer, so that the channel can use its memory again.
    func releaseInbound() {
        inbound = ByteBuffer()
    }

    /// Makes room for `count` bytes, so that a flush allocates once.
    func reserveOutbound(_ count: Int, allocator: ByteBufferAllocator) {
        if outbound.capacity == 0 {
            outbound = allocator.buffer(capacity: count)
        } else {
            outbound.reserveCapacity(minimumWritableBytes: count)
        }
    }

    /// All that libssl has written since the last call, or nil if that is nothing.
    func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        let taken = outbound
        outbound = ByteBuffer()
        return taken
    }

    /// A `BIO*` that the caller owns, in practice an SSL; nil when OpenSSL is out of memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = unsafe Self.method, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private func read(into destination: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(destination.count, inbound.readableBytes)
        guard count > 0 else { return 0 }
        _ = unsafe inbound.readWithUnsafeReadableBytes { source in
            unsafe destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            return count
        }
        // Without read-ahead libssl asks for exactly the record header and then exactly its body.
        partialRecordBytes = count == destination.count ? 0 : partialRecordBytes + count
        return count
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        unsafe outbound.writeBytes(bytes)
    }

    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    private static func from(_ bio: OpaquePointer?) -> ByteBufferBIO? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<ByteBufferBIO>.fromOpaque(data).takeUnretainedValue()
    }

    /// Made once, never freed, not changed after it is made; so every thread may use it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard
            let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ByteBuffer")
        else { return nil }
        unsafe BIO_meth_set_read(method) { bio, destination, count in
            unsafe BIO_clear_flags(bio, retryFlags)
            guard let object = unsafe ByteBufferBIO.from(bio), let destination = unsafe destination, count > 0 else {
                return -1
            }
            let read = unsafe object.read(
                into: UnsafeMutableRawBufferPointer(start: destination, count: Int(count)))
            guard read > 0 else {
                unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            return Int32(read)
        }
        unsafe BIO_meth_set_write(method) { bio, source, count in
            unsafe BIO_clear_flags(bio, retryFlags)
            guard let object = unsafe ByteBufferBIO.from(bio), let source = unsafe source, count > 0 else { return -1 }
            unsafe object.write(UnsafeRawBufferPointer(start: source, count: Int(count)))
            return count
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
            guard let object = unsafe ByteBufferBIO.from(bio) else { return 0 }
            return switch command {
            case BIO_CTRL_FLUSH: 1
            case BIO_CTRL_PENDING: object.inbound.readableBytes
            case BIO_CTRL_WPENDING: object.outbound.readableBytes
            default: 0
            }
        }
        return unsafe method
    }()
}
