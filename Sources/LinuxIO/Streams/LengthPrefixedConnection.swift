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
    /// What the loop calls for now.
    var interest: EventLoop.Events = .readable

    init(socket: StreamSocket, client: SocketAddress, local: SocketAddress) {
        self.socket = socket
        self.client = client
        self.local = local
    }

    /// Whether answers wait for the client.
    var isBlocked: Bool { outputStart < output.count }

    /// Whether it is owed as many answers as it may be.
    var isFull: Bool { owed >= LengthPrefixedServer.mostOwed }

    /// Whether what comes stays with the kernel: there is enough to do.
    var mustNotBeRead: Bool { isFull || isHeld }
}
