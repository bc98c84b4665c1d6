internal import NIOCore

/// What the application has written and nobody has encrypted yet, in order.
struct PendingWrites {
    private var buffers: [ByteBuffer] = []
    private var promises: [EventLoopPromise<Void>] = []
    private(set) var byteCount = 0

    /// True also when only empty buffers wait; their promises wait with them.
    private(set) var isEmpty = true

    mutating func append(_ buffer: ByteBuffer, promise: EventLoopPromise<Void>?) {
        if buffer.readableBytes > 0 { buffers.append(buffer) }
        if let promise { promises.append(promise) }
        byteCount += buffer.readableBytes
        isEmpty = false
    }

    /// Encrypts everything, small buffers gathered into full records, and forgets it but for the promises.
    /// - Returns: false when a record could not be made; `connection.failure()` then says why.
    mutating func encrypt(with connection: TLSConnection) -> Bool {
        defer {
            buffers.removeAll(keepingCapacity: buffers.count <= Self.maxIdleCapacity)
            byteCount = 0
            isEmpty = true
        }
        switch buffers.count {
        case 0: return true
        case 1: return unsafe buffers[0].withUnsafeReadableBytes { unsafe connection.write($0) }
        default: return gather(into: connection)
        }
    }

    /// One promise for the write of what `encrypt` made, which completes all the promises with its own result; nil if
    /// nobody waits.
    mutating func takePromise() -> EventLoopPromise<Void>? {
        guard let first = promises.first else { return nil }
        let others = promises.dropFirst()
        promises.removeAll(keepingCapacity: promises.count <= Self.maxIdleCapacity)
        guard !others.isEmpty else { return first }
        first.futureResult.whenComplete { result in
            for promise in others { promise.completeWith(result) }
        }
        return first
    }

    /// Forgets everything and fails every promise.
    mutating func fail(_ error: any Error) {
        let promises = promises
        self = PendingWrites()
        for promise in promises { promise.fail(error) }
    }

    private func gather(into connection: TLSConnection) -> Bool {
        let recordBytes = TLSConnection.maxRecordPlaintextBytes
        return unsafe withUnsafeTemporaryAllocation(byteCount: min(byteCount, recordBytes), alignment: 16) { record in
            var gathered = 0
            for buffer in buffers {
                let succeeded = unsafe buffer.withUnsafeReadableBytes { bytes in
                    var rest = unsafe bytes[...]
                    if gathered > 0 {
                        let count = unsafe min(rest.count, record.count - gathered)
                        unsafe UnsafeMutableRawBufferPointer(rebasing: record[gathered...])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
                        gathered += count
                        unsafe rest = rest.dropFirst(count)
                        guard gathered == recordBytes else { return true }
                        guard unsafe connection.write(UnsafeRawBufferPointer(record)) else { return false }
                        gathered = 0
                    }
                    // Full records of one buffer need no copy.
                    let direct = unsafe rest.count - rest.count % recordBytes
                    if direct > 0 {
                        guard
                            unsafe connection.write(UnsafeRawBufferPointer(rebasing: rest.prefix(direct)))
                        else { return false }
                        unsafe rest = rest.dropFirst(direct)
                    }
                    unsafe record.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
                    gathered = unsafe rest.count
                    return true
                }
                guard succeeded else { return false }
            }
            guard gathered > 0 else { return true }
            return unsafe connection.write(UnsafeRawBufferPointer(rebasing: record[..<gathered]))
        }
    }

    /// Arrays longer than this are freed after a flush, so that one large flush does not burden an idle connection.
    private static let maxIdleCapacity = 32
}
