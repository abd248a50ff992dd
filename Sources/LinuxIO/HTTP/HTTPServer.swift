import Glibc

/// A small HTTP/1.1 server for health, readiness and metrics: GET and HEAD, one request a connection.
///
/// `@unchecked Sendable`: `close` may be called from any thread; everything else belongs to the loop's thread, and before
/// the loop runs to the thread that makes the server.
package final class HTTPServer: @unchecked Sendable {
    /// Bytes of a request's head, as in many servers; a probe's or a scraper's has a few hundred.
    package static let requestLimit = 8 << 10
    /// How long a request may take to come, and its answer to be taken.
    package static let requestTimeout = 10 * Clock.second
    /// How long a client may take to close after the answer.
    package static let lingerTimeout = 2 * Clock.second
    /// Bytes of a body nobody asked for that are read after the answer.
    package static let lingerBytes = 256 << 10
    /// Connections at once: probes and scrapers need a few.
    package static let connectionLimit = 64

    /// Answers a request, on the loop's thread.
    package typealias Respond = (_ path: String, _ method: HTTPRequest.Method) -> HTTPResponse

    private let loop: EventLoop
    private let clock: Clock
    private let respond: Respond
    private var acceptors: [StreamAcceptor] = []
    private var connections: [Int32: HTTPConnection] = [:]
    private var buffer = [UInt8](repeating: 0, count: HTTPServer.requestLimit)

    /// Connections that are open.
    package var connectionCount: Int { connections.count }

    /// A server on `loop`, without listeners yet; `clock` tells the date.
    package init(loop: EventLoop, clock: Clock = .system, respond: @escaping Respond) {
        self.loop = loop
        self.clock = clock
        self.respond = respond
    }

    deinit {
        for connection in connections.values { connection.socket.close() }
    }

    /// Serves the connections of `listener` too. Throws the error of epoll_ctl.
    package func serve(_ listener: StreamListener) throws(SystemError) {
        let acceptor = try StreamAcceptor(
            listener: listener, loop: loop,
            take: { [weak self] socket, _ in
                guard let self else { return socket.close() }
                self.take(socket)
            }, spare: { false })
        acceptors.append(acceptor)
    }

    /// Ends accepting and closes every connection, then calls `closed` on the loop's thread. Any thread may call it.
    package func close(_ closed: @Sendable @escaping () -> Void = {}) {
        loop.execute {
            for acceptor in self.acceptors { acceptor.close() }
            self.acceptors = []
            for connection in Array(self.connections.values) { self.closeConnection(connection) }
            closed()
        }
    }

    private func take(_ socket: StreamSocket) {
        guard connections.count < Self.connectionLimit else { return socket.close() }
        let connection = HTTPConnection(socket: socket)
        do throws(SystemError) {
            try loop.register(socket.descriptor, .readable) { _ in self.ready(connection) }
        } catch {
            return socket.close()
        }
        connections[socket.descriptor] = connection
        setTimer(connection, Self.requestTimeout)
    }

    private func setTimer(_ connection: HTTPConnection, _ nanoseconds: UInt64) {
        if let timer = connection.timer { loop.cancel(timer) }
        connection.timer = loop.schedule(after: nanoseconds) { [weak self, weak connection] in
            guard let self, let connection else { return }
            self.closeConnection(connection)
        }
    }

    private func closeConnection(_ connection: HTTPConnection) {
        guard connections.removeValue(forKey: connection.socket.descriptor) != nil else { return }
        if let timer = connection.timer { loop.cancel(timer) }
        loop.unregister(connection.socket.descriptor)
        connection.socket.close()
    }

    private func ready(_ connection: HTTPConnection) {
        if connection.isLingering {
            discard(connection)
        } else if connection.output.isEmpty {
            read(connection)
        } else {
            write(connection)
        }
    }

    /// Bytes read into `buffer`, or nil when the connection has nothing more or has been closed.
    private func receive(_ connection: HTTPConnection) -> Int? {
        // SAFETY: the kernel writes no more than the buffer has.
        let (count, code) = buffer.withUnsafeMutableBytes { connection.socket.read(into: $0) }
        if count > 0 { return count }
        if count == 0 || code != EAGAIN { closeConnection(connection) }
        return nil
    }

    private func read(_ connection: HTTPConnection) {
        guard let count = receive(connection) else { return }
        let room = Self.requestLimit - connection.request.count
        connection.request.append(contentsOf: buffer[..<min(count, room)])
        switch HTTPRequest.parse(connection.request) {
        case .incomplete:
            // RFC 6585 section 5.
            if connection.request.count >= Self.requestLimit { answer(connection, .refusal(431), withBody: true) }
        case .refused(let status):
            answer(connection, .refusal(status), withBody: true)
        case .request(let request):
            answer(connection, respond(request.path, request.method), withBody: request.method == .get)
        }
    }

    private func answer(_ connection: HTTPConnection, _ response: HTTPResponse, withBody: Bool) {
        connection.output = response.encoded(withBody: withBody, date: clock.wall())
        connection.request = []
        write(connection)
        // What the socket did not take goes when there is room.
        guard connections[connection.socket.descriptor] === connection, !connection.isLingering else { return }
        watch(connection, .writable)
    }

    private func watch(_ connection: HTTPConnection, _ interest: EventLoop.Events) {
        do throws(SystemError) {
            try loop.modify(connection.socket.descriptor, interest)
        } catch {
            closeConnection(connection)
        }
    }

    private func write(_ connection: HTTPConnection) {
        // SAFETY: the kernel reads the rest of the output while the closure runs.
        let (count, code) = connection.output.withUnsafeBytes { bytes in
            connection.socket.write(UnsafeRawBufferPointer(rebasing: bytes[connection.outputStart...]))
        }
        if count < 0 {
            if code != EAGAIN { closeConnection(connection) }
            return
        }
        connection.outputStart += count
        guard connection.outputStart == connection.output.count else { return }
        // RFC 9112 section 9.6: closing with something unread would reset the connection and could take the answer away;
        // so close one side, and read until the client closes the other.
        connection.socket.shutdownWriting()
        connection.isLingering = true
        connection.output = []
        setTimer(connection, Self.lingerTimeout)
        watch(connection, .readable)
    }

    private func discard(_ connection: HTTPConnection) {
        guard let count = receive(connection) else { return }
        connection.discarded += count
        if connection.discarded > Self.lingerBytes { closeConnection(connection) }
    }
}
