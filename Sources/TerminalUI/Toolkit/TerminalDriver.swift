#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What a terminal did.
package enum DriverEvent: Hashable, Sendable {
    case input(InputEvent)
    case resized(columns: Int, rows: Int)
    /// SIGTERM, SIGHUP or SIGINT: the program is to end.
    case ending(signal: Int32)
    /// SIGTSTP: `suspended` and `stop()` are due.
    case stopRequested
    /// The screen shows nobody knows what: draw all of it.
    case lost
    /// Another thread called `wake()`.
    case woken
    /// The terminal is gone.
    case hangup
}

/// Why a terminal cannot be used.
package struct TerminalError: Error, CustomStringConvertible {
    package let description: String
}

/// A terminal, held by one thread: raw input, the alternate screen, frames out. Whatever ends the process, the terminal is
/// as it was: `restore()`, the end of the process, signals and traps all put it back.
///
/// Input, signals and other threads' news are waited for in one place, `poll`; signal handlers only write to a pipe.
package final class TerminalDriver {
    /// What ESC alone means is known when nothing follows for this long.
    private static let escapeMilliseconds: Int32 = 50

    private let input: Int32
    private let output: Int32
    private let differ: FrameDiffer
    private var parser = InputParser()
    private var shown: Frame?
    private let wakePipe: (read: Int32, write: Int32)
    private var usesMouse: Bool
    private var isActive = false

    /// Takes the terminal over.
    /// - Throws: when the descriptors are no terminal.
    package init(
        input: Int32 = 0, output: Int32 = 1, capabilities: TerminalCapabilities, usesMouse: Bool
    ) throws(TerminalError) {
        guard isatty(input) == 1, isatty(output) == 1 else {
            throw TerminalError(description: "standard input and output are no terminal")
        }
        self.input = input
        self.output = output
        self.usesMouse = usesMouse
        differ = FrameDiffer(capabilities)
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TerminalError(description: "no pipe: \(errno)") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wakePipe = (ends[0], ends[1])
        do {
            try TerminalGuard.begin(input: input, output: output, wake: ends[1])
        } catch {
            close(ends[0])
            close(ends[1])
            throw error
        }
        begin()
    }

    deinit {
        restore()
        TerminalGuard.end()
        close(wakePipe.read)
        close(wakePipe.write)
    }

    /// Columns and rows; 80 and 24 where the terminal does not say.
    package var size: (columns: Int, rows: Int) {
        var window = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    /// May be called by any thread, also after the driver is gone.
    package var waker: TerminalWaker { TerminalWaker(descriptor: wakePipe.write) }

    // MARK: Waiting

    /// Waits for something to happen, at most this long.
    /// - Returns: empty when nothing did.
    package func events(timeoutMilliseconds: Int32) -> [DriverEvent] {
        var descriptors = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakePipe.read, events: Int16(POLLIN), revents: 0),
        ]
        let timeout = parser.isWaiting ? min(Self.escapeMilliseconds, timeoutMilliseconds) : timeoutMilliseconds
        let count = poll(&descriptors, 2, timeout)
        if count == 0 { return parser.flush().map(DriverEvent.input) }
        var events: [DriverEvent] = []
        if descriptors[1].revents & Int16(POLLIN) != 0 { events += readSignals() }
        if descriptors[0].revents != 0 { events += readInput() }
        return events
    }

    private func readSignals() -> [DriverEvent] {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(wakePipe.read, &bytes, bytes.count)
        guard count > 0 else { return [] }
        var events: [DriverEvent] = []
        for number in Set(bytes.prefix(count)).sorted() {
            switch Int32(number) {
            case 0: events.append(.woken)
            case SIGWINCH:
                let size = size
                events.append(.resized(columns: size.columns, rows: size.rows))
            case SIGTSTP: events.append(.stopRequested)
            case SIGCONT: events.append(.lost)
            default: events.append(.ending(signal: Int32(number)))
            }
        }
        return events
    }

    private func readInput() -> [DriverEvent] {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(input, &bytes, bytes.count)
        if count > 0 { return parser.feed(bytes.prefix(count)).map(DriverEvent.input) }
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return [.hangup]
    }

    // MARK: Showing

    /// Shows a frame. What the terminal shows already is not sent again.
    /// - Returns: how many bytes were sent.
    @discardableResult
    package func show(_ frame: Frame) -> Int {
        guard isActive else { return 0 }
        let bytes = differ.bytes(from: shown, to: frame)
        if !bytes.isEmpty { write(bytes) }
        shown = frame
        return bytes.count
    }

    /// The next frame is written whole.
    package func forget() { shown = nil }

    package func ring() { write([0x07]) }

    /// Sends bytes that show nothing, such as OSC 52.
    package func send(_ text: String) { write(Array(text.utf8)) }

    package func setMouse(_ isUsed: Bool) {
        guard usesMouse != isUsed else { return }
        usesMouse = isUsed
        if isActive { write(Array((isUsed ? TerminalGuard.mouseOn : TerminalGuard.mouseOff).utf8)) }
    }

    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(output, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var descriptor = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                // A terminal that takes nothing for so long is gone, or stopped by ctrl-s: then the frame is lost.
                if poll(&descriptor, 1, 2_000) <= 0 {
                    shown = nil
                    return
                }
            } else if errno != EINTR {
                return
            }
        }
    }

    // MARK: Leaving and coming back

    private func begin() {
        guard !isActive else { return }
        isActive = true
        shown = nil
        TerminalGuard.makeRaw()
        write(Array((TerminalGuard.enter + (usesMouse ? TerminalGuard.mouseOn : "")).utf8))
    }

    /// Puts the terminal back as it was. May be called again.
    package func restore() {
        guard isActive else { return }
        isActive = false
        TerminalGuard.restore()
    }

    /// Runs `body` with the terminal as it was, for an editor or a shell; then takes it over again.
    package func suspended<R>(_ body: () throws -> R) rethrows -> R {
        restore()
        defer { begin() }
        return try body()
    }

    /// Stops the process, as ctrl-z does; returns when it is continued.
    package func stop() {
        suspended {
            TerminalGuard.stopSelf()
        }
    }
}

/// Wakes a driver's wait from another thread.
package struct TerminalWaker: Sendable {
    let descriptor: Int32

    package func wake() {
        var byte: UInt8 = 0
        // A full pipe wakes as well.
        _ = write(descriptor, &byte, 1)
    }
}

/// `write(2)`, under another name than the driver's own.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
