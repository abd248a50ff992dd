/// What an `HTTPServer` keeps of one connection: a request, its answer, and the wait for the client to close.
final class HTTPConnection {
    let socket: StreamSocket
    /// The request's head as far as it has come.
    var request: [UInt8] = []
    /// The answer, sent up to `outputStart`; empty until the request is complete.
    var output: [UInt8] = []
    var outputStart = 0
    /// The answer is sent; what still comes is read and thrown away.
    var isLingering = false
    /// Bytes thrown away.
    var discarded = 0
    /// Closes the connection when it takes too long.
    var timer: TimerID?

    init(socket: StreamSocket) {
        self.socket = socket
    }
}
