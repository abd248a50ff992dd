/// Serves frames with a two-byte length in network order before them (RFC 1035 section 4.2.2) over TCP connections.
///
/// Frames are answered in order. All complete frames of one read are answered with one write, as long as the answers fit
/// `outputBytes`. A client that does not read its answers is not read from any more, and closed after the write time-out.
///
/// `@unchecked Sendable`: `close` may be called from any thread; everything else belongs to the loop's thread, and before
/// the loop runs to the thread that makes the server.
package final class LengthPrefixedServer: @unchecked Sendable {
    /// Answers one frame, on the loop's thread.
    ///
    /// `frame` has room for `maximumFrame` bytes, the request's `length` (1 to 65535) at its start; the answer is written over
    /// it. Returns the answer's length, 0 for none, or a negative number (or too large a one) to close the connection after
    /// the answers before.
    package typealias Answer = (
        _ frame: UnsafeMutableRawPointer, _ length: Int, _ client: SocketAddress, _ local: SocketAddress
    ) -> Int

    /// The longest frame: what two bytes can say.
    package static let maximumFrame = 65535
    /// Bytes of a frame's length.
    static let prefix = 2
    /// Room for a frame that has come in part and one more of the longest.
    private static let inputBytes = 2 * (prefix + maximumFrame)
    /// Most answers that one connection is owed at a time. Beyond, it is not read until some have come: each costs the memory of
    /// a query that waits, and miekg/dns, which CoreDNS has, works on one at a time.
    package static let mostOwed = 128
    /// Room for the answers to one read: at least one of the longest, and hundreds of the usual ones.
    static let outputBytes = 4 * (prefix + maximumFrame)

    /// Steps of TLS handshakes in one turn of the loop. Each costs up to a millisecond of processor time (a signature with
    /// RSA-2048; a fifth of that with P-256), which is little enough for the loop's own thread, as long as a crowd of new clients
    /// does not keep those that are there waiting.
    static let handshakesPerTurn = 8

    let loop: EventLoop
    /// For connections that are open too. Belongs to the loop's thread.
    package var limits: LengthPrefixedLimits {
        didSet { armSweep() }
    }
    let answer: Answer
    private var acceptors: [StreamAcceptor] = []
    var connections: [Int32: LengthPrefixedConnection] = [:]
    private var perClient: [SocketAddress: Int] = [:]
    /// Connections that wait for their first frame, by when they were opened.
    var fresh = ActivityOrder()
    /// Connections that wait for a frame, by their last complete one.
    var idle = ActivityOrder()
    /// Connections that do not take their answers, by when that began.
    var blocked = ActivityOrder()
    var sweep: (timer: TimerID, deadline: UInt64)?
    /// The connection whose frame is being answered.
    var answering: LengthPrefixedConnection?
    /// Steps of handshakes in this turn.
    var handshakes = 0
    private var isDraining = false
    private var drained: (() -> Void)?
    let input: UnsafeMutableRawBufferPointer
    let output: UnsafeMutableRawBufferPointer

    /// What has been counted so far.
    package internal(set) var statistics = LengthPrefixedStatistics()
    /// Connections that are open.
    package var connectionCount: Int { connections.count }
    /// Connections whose client does not take its answers.
    package var blockedCount: Int { blocked.count }

    /// A server on `loop`, without listeners yet.
    package init(loop: EventLoop, limits: LengthPrefixedLimits = LengthPrefixedLimits(), answer: @escaping Answer) {
        self.loop = loop
        self.limits = limits
        self.answer = answer
        input = .allocate(byteCount: Self.inputBytes, alignment: 16)
        output = .allocate(byteCount: Self.outputBytes, alignment: 16)
    }

    deinit {
        for connection in connections.values { connection.socket.close() }
        input.deallocate()
        output.deallocate()
    }

    /// What the connections accepted from now on speak TLS with; nil for none.
    package var tls: TLSContext?

    /// Serves the connections of `listener` too. Throws the error of epoll_ctl.
    package func serve(_ listener: StreamListener) throws(SystemError) {
        let acceptor = try StreamAcceptor(
            listener: listener, loop: loop,
            take: { [weak self] socket, client in
                guard let self else { return socket.close() }
                self.take(socket, client: client, listener: listener)
            }, spare: { [weak self] in self?.evictOldestIdle() ?? false })
        acceptors.append(acceptor)
    }

    /// Ends accepting, answers what has come, and closes every connection, at the latest after the write time-out; then
    /// calls `drained` on the loop's thread. Any thread may call it.
    package func close(_ drained: @Sendable @escaping () -> Void = {}) {
        loop.execute { self.drain(drained) }
    }

    // MARK: Answers that come later

    /// The way back for the frame that is being answered: for `reply`. Nil outside of an `Answer`. Every one that is taken
    /// has to be replied to, once.
    package func takeReply() -> LengthPrefixedReply? {
        guard let connection = answering else { return nil }
        connection.owed += 1
        return LengthPrefixedReply(connection)
    }

    /// Sends an answer (1 to 65535 bytes; none: there will be no answer) to a frame that was answered with 0 before. Answers
    /// may come in any order (RFC 7766 section 7). A connection that is gone by now is no error.
    package func reply(_ reply: LengthPrefixedReply, _ bytes: UnsafeRawBufferPointer) {
        let connection = reply.connection
        connection.owed -= 1
        guard !connection.isClosed else { return }
        if connection.isHeld, !connection.isFull, !connection.isCalled {
            connection.isCalled = true
            // Not now: the input buffer may hold a read that is being worked on, of this connection or another.
            loop.atEndOfTurn { self.answerHeld(connection) }
        }
        if !bytes.isEmpty, bytes.count <= Self.maximumFrame {
            let length = [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)]
            if connection.isBlocked {
                connection.output += length
                connection.output += bytes
            } else {
                // The output buffer may hold the answers of a read that is being worked on, of this connection or another.
                connection.late += length
                connection.late += bytes
                // Those come first, or the stream would have one frame within another.
                if answering === connection { return }
                guard sendLate(connection) else { return }
            }
            if !connection.isBlocked { idle.touch(connection.socket.descriptor, time: loop.now) }
        }
        if answering === connection { return }
        if connection.isClosing, !connection.isBlocked, connection.owed == 0 { return closeConnection(connection) }
        settle(connection)
    }

    // MARK: Connections

    private func take(_ socket: StreamSocket, client: SocketAddress, listener: StreamListener) {
        let address = client.withPort(0)
        let held = perClient[address] ?? 0
        guard held < limits.connectionsPerClient else {
            statistics.refusedPerClient &+= 1
            return socket.close()
        }
        if connections.count >= limits.connections, !evictOldestIdle() {
            statistics.refusedTotal &+= 1
            return socket.close()
        }
        var local = listener.boundAddress
        do throws(SystemError) {
            if listener.isWildcard { local = try socket.localAddress() }
            var session: TLSSession?
            if let tls {
                session = TLSSession(server: tls, descriptor: socket.descriptor)
                // No memory: nothing may go over the socket as it is.
                if session == nil { return socket.close() }
            }
            let connection = LengthPrefixedConnection(socket: socket, session: session, client: client, local: local)
            let descriptor = socket.descriptor
            // The loop keeps the server for as long as it has connections.
            try loop.register(descriptor, .readable) { events in self.ready(connection, events) }
            connections[descriptor] = connection
        } catch {
            // The client has gone already, or the kernel has no memory for it.
            return socket.close()
        }
        // Counted again: evicting may have closed one of this client's.
        perClient[address, default: 0] += 1
        statistics.accepted &+= 1
        fresh.touch(socket.descriptor, time: loop.now)
        armSweep()
    }

    func closeConnection(_ connection: LengthPrefixedConnection) {
        let descriptor = connection.socket.descriptor
        guard connections.removeValue(forKey: descriptor) != nil else { return }
        fresh.remove(descriptor)
        connection.isClosed = true
        idle.remove(descriptor)
        blocked.remove(descriptor)
        let address = connection.client.withPort(0)
        let held = perClient[address] ?? 0
        perClient[address] = held > 1 ? held - 1 : nil
        loop.unregister(descriptor)
        connection.session?.end()
        connection.socket.close()
        if isDraining { finishDraining() }
    }

    private func evictOldestIdle() -> Bool {
        let candidates = [fresh.oldest, idle.oldest].compactMap { $0 }
        guard let oldest = candidates.min(by: { $0.time < $1.time }), let connection = connections[oldest.member] else {
            return false
        }
        statistics.evicted &+= 1
        closeConnection(connection)
        return true
    }

    private func drain(_ drained: @escaping () -> Void) {
        for acceptor in acceptors { acceptor.close() }
        acceptors = []
        isDraining = true
        let earlier = self.drained
        self.drained = {
            earlier?()
            drained()
        }
        for connection in Array(connections.values) {
            if !connection.isBlocked, !connection.mustNotBeRead { read(connection) }
            guard !connection.isClosed else { continue }
            connection.isClosing = true
            connection.input = []
            if !connection.isBlocked, connection.owed == 0 { closeConnection(connection) } else { settle(connection) }
        }
        finishDraining()
    }

    private func finishDraining() {
        guard connections.isEmpty, let drained else { return }
        self.drained = nil
        drained()
    }
}
