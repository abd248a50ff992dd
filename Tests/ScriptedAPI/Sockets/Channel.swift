import COpenSSL
import Glibc
import Synchronization

/// Why a connection ends before its time.
enum ChannelEnd: Error {
    /// The client is gone.
    case peerClosed
    /// The server was told to end it.
    case interrupted
    /// A fault ends it.
    case fault
    /// The client does not speak TLS or HTTP as it should.
    case malformed
}

/// One accepted connection, in plain text or TLS. Every wait ends when it is interrupted.
///
/// `@unchecked`: one thread uses it, but for `interrupt()` and `wakeup`, which any may use.
final class Channel: @unchecked Sendable {
    enum Wait {
        case ready
        case woken
        case timedOut
    }

    /// Most bytes of a request head, and of what a client may send while it waits.
    static let inboundLimit = 65_536
    /// A client that takes nothing for so long is gone.
    private static let writePatience: Int64 = 120_000_000_000
    private static let handshakePatience: Int64 = 20_000_000_000

    let wakeup: Wakeup
    private let descriptor: Int32
    private let isInterrupted = Atomic(false)
    private var session: OpaquePointer?
    private var context: ServerContext?
    /// What came in and was not yet used.
    var inbound: [UInt8] = []
    /// Bytes that go out one at a time, and the pause before each.
    var slow: (count: Int, microseconds: Int)?
    private(set) var clientName = ""

    init(descriptor: Int32) throws(ScriptedAPIError) {
        self.descriptor = descriptor
        do {
            wakeup = try Wakeup()
        } catch {
            close(descriptor)
            throw error
        }
        setNonBlocking(descriptor)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit {
        if let session { SSL_free(session) }
        close(descriptor)
    }

    /// Ends it soon. Any thread may call this.
    func interrupt() {
        isInterrupted.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// Waits for the socket, a wake-up or the deadline; nil: no deadline.
    func wait(_ events: Int32, until deadline: Int64?) throws(ChannelEnd) -> Wait {
        if isInterrupted.load(ordering: .acquiring) { throw .interrupted }
        var milliseconds: Int32 = -1
        if let deadline {
            milliseconds = Int32(clamping: max(0, (deadline - monotonicNow() + 999_999) / 1_000_000))
        }
        var polled = [
            pollfd(fd: descriptor, events: Int16(events), revents: 0),
            pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&polled, 2, milliseconds)
        if polled[1].revents != 0 { wakeup.clear() }
        if isInterrupted.load(ordering: .acquiring) { throw .interrupted }
        if polled[0].revents != 0 { return .ready }
        return count == 0 ? .timedOut : .woken
    }

    /// Waits for the time to pass, or for the client to be gone.
    func pause(until deadline: Int64?, unless isOver: () -> Bool) throws(ChannelEnd) {
        while !isOver() {
            switch try wait(POLLIN, until: deadline) {
            case .timedOut: return
            case .ready: try receive()
            case .woken: break
            }
        }
    }

    // MARK: - TLS

    func startTLS(_ context: ServerContext) throws(ChannelEnd) {
        self.context = context
        guard let session = SSL_new(context.pointer) else { throw .malformed }
        self.session = session
        SSL_set_fd(session, descriptor)
        let deadline = monotonicNow() + Self.handshakePatience
        while true {
            ERR_clear_error()
            let result = SSL_accept(session)
            if result == 1 { break }
            let events: Int32
            switch SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ: events = POLLIN
            case SSL_ERROR_WANT_WRITE: events = POLLOUT
            default: throw .malformed
            }
            if try wait(events, until: deadline) == .timedOut { throw .malformed }
        }
        guard let certificate = SSL_get1_peer_certificate(session) else { return }
        defer { X509_free(certificate) }
        var name = [CChar](repeating: 0, count: 256)
        let length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &name, 256)
        guard length > 0 else { return }
        clientName = String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    // MARK: - Reading

    /// Takes in what is there.
    func receive() throws(ChannelEnd) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while inbound.count < Self.inboundLimit {
            let count: Int
            if let session {
                ERR_clear_error()
                count = Int(SSL_read(session, &buffer, Int32(buffer.count)))
                if count <= 0 {
                    let code = SSL_get_error(session, Int32(count))
                    if code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE { return }
                    throw .peerClosed
                }
            } else {
                count = recv(descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                if count <= 0 { throw .peerClosed }
            }
            inbound.append(contentsOf: buffer[..<count])
        }
        throw .malformed
    }

    // MARK: - Writing

    func send(_ bytes: [UInt8]) throws(ChannelEnd) {
        var start = 0
        while let slow, slow.count > 0, start < bytes.count {
            if slow.microseconds > 0 {
                try pause(until: monotonicNow() + Int64(slow.microseconds) * 1000, unless: { false })
            }
            try send(bytes, from: start, to: start + 1)
            start += 1
            self.slow?.count -= 1
        }
        try send(bytes, from: start, to: bytes.count)
    }

    private func send(_ bytes: [UInt8], from first: Int, to end: Int) throws(ChannelEnd) {
        var start = first
        var deadline = monotonicNow() + Self.writePatience
        while start < end {
            var events = POLLOUT
            let count = bytes.withUnsafeBytes { (whole: UnsafeRawBufferPointer) -> Int in
                // SAFETY: start < end, and end is at most the count.
                let rest = UnsafeRawBufferPointer(rebasing: whole[start..<end])
                guard let session else {
                    return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
                ERR_clear_error()
                let count = SSL_write(session, rest.baseAddress, Int32(clamping: rest.count))
                if count > 0 { return Int(count) }
                switch SSL_get_error(session, count) {
                case SSL_ERROR_WANT_WRITE: errno = EAGAIN
                case SSL_ERROR_WANT_READ:
                    errno = EAGAIN
                    events = POLLIN
                default: errno = EPIPE
                }
                return -1
            }
            if count > 0 {
                start += count
                deadline = monotonicNow() + Self.writePatience
                continue
            }
            guard errno == EAGAIN || errno == EINTR else { throw .peerClosed }
            if try wait(events, until: deadline) == .timedOut { throw .peerClosed }
        }
    }

    /// Says goodbye, where nothing went wrong.
    func finish() {
        if let session {
            ERR_clear_error()
            SSL_shutdown(session)
        }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the end of the connection a reset.
    func resetAtEnd() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}
