import Glibc

/// What a `LengthPrefixedServer` keeps of one connection. At rest it has no buffers: those are the server's.
final class LengthPrefixedConnection {
    let socket: StreamSocket
    let client: SocketAddress
    let local: SocketAddress
    /// Read but not yet answered: a part of a frame, or whatever had come when the client stopped reading.
    var input: [UInt8] = []
    /// Answers that the kernel did not take, from `outputStart` on.
    var output: [UInt8] = []
    var outputStart = 0
    /// Frames that have been answered.
    var frames = 0
    /// Nothing more is read; closed once the output is taken and nothing is owed any more.
    var isClosing = false
    /// Answers that came with `LengthPrefixedServer.reply` while other frames of the connection were being answered: they go
    /// behind those.
    var late: [UInt8] = []
    /// Answers that are to come with `LengthPrefixedServer.reply`.
    var owed = 0
    /// Whether frames stand in `input` that are answered once the connection is owed less.
    var isHeld = false
    /// Whether that is about to happen.
    var isCalled = false
    /// Whether the connection is gone; replies to it are dropped.
    var isClosed = false
    /// Whether it is read again in this turn, for what TLS holds.
    var readsSoon = false
    /// What the loop calls for now.
    var interest: EventLoop.Events = .readable

    /// TLS over the socket; nil where the bytes go as they are.
    let session: TLSSession?

    init(socket: StreamSocket, session: TLSSession?, client: SocketAddress, local: SocketAddress) {
        self.socket = socket
        self.session = session
        self.client = client
        self.local = local
    }

    /// Whether answers wait for the client.
    var isBlocked: Bool { outputStart < output.count }

    /// Whether it is owed as many answers as it may be.
    var isFull: Bool { owed >= LengthPrefixedServer.mostOwed }

    /// Whether what comes stays with the kernel: there is enough to do.
    var mustNotBeRead: Bool { isFull || isHeld }

    /// Whether reading waits for the socket to become writable, as a handshake may.
    var readingNeedsWriting: Bool { session?.readingNeedsWriting ?? false }

    /// Reads what is there, as `StreamSocket.read` does; under TLS a failure is EPROTO.
    func read(into bytes: UnsafeMutableRawBufferPointer) -> (result: Int, errno: Int32) {
        guard let session else { return socket.read(into: bytes) }
        return Self.outcome(session.read(into: bytes))
    }

    /// Writes what is taken, as `StreamSocket.write` does; under TLS a failure is EPROTO.
    func write(_ bytes: UnsafeRawBufferPointer) -> (result: Int, errno: Int32) {
        guard let session else { return socket.write(bytes) }
        let outcome = session.write(bytes)
        // A session that has failed takes nothing any more, while the socket goes on being writable.
        return outcome == .ended ? (-1, EPROTO) : Self.outcome(outcome)
    }

    private static func outcome(_ outcome: TLSSession.Outcome) -> (result: Int, errno: Int32) {
        switch outcome {
        case .done(let count): (count, 0)
        case .needsReading, .needsWriting: (-1, EAGAIN)
        case .ended: (0, 0)
        case .failed: (-1, EPROTO)
        }
    }
}
