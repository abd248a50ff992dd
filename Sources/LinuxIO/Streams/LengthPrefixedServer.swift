import Glibc

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
    private static let prefix = 2
    /// Room for a frame that has come in part and one more of the longest.
    private static let inputBytes = 2 * (prefix + maximumFrame)
    /// Most answers that one connection is owed at a time. Beyond, it is not read until some have come: each costs the memory of
    /// a query that waits, and miekg/dns, which CoreDNS has, works on one at a time.
    package static let mostOwed = 128
    /// Room for the answers to one read: at least one of the longest, and hundreds of the usual ones.
    private static let outputBytes = 4 * (prefix + maximumFrame)

    /// Steps of TLS handshakes in one turn of the loop. Each costs up to a millisecond of processor time (a signature with
    /// RSA-2048; a fifth of that with P-256), which is little enough for the loop's own thread, as long as a crowd of new clients
    /// does not keep those that are there waiting.
    private static let handshakesPerTurn = 8

    private let loop: EventLoop
    /// For connections that are open too. Belongs to the loop's thread.
    package var limits: LengthPrefixedLimits {
        didSet { armSweep() }
    }
    private let answer: Answer
    private var acceptors: [StreamAcceptor] = []
    private var connections: [Int32: LengthPrefixedConnection] = [:]
    private var perClient: [SocketAddress: Int] = [:]
    /// Connections that wait for their first frame, by when they were opened.
    private var fresh = ActivityOrder()
    /// Connections that wait for a frame, by their last complete one.
    private var idle = ActivityOrder()
    /// Connections that do not take their answers, by when that began.
    private var blocked = ActivityOrder()
    private var sweep: (timer: TimerID, deadline: UInt64)?
    /// The connection whose frame is being answered.
    private var answering: LengthPrefixedConnection?
    /// Steps of handshakes in this turn.
    private var handshakes = 0
    private var isDraining = false
    private var drained: (() -> Void)?
    private let input: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    /// What has been counted so far.
    package private(set) var statistics = LengthPrefixedStatistics()
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

    /// Goes on with what a connection has asked while it was owed too much.
    private func answerHeld(_ connection: LengthPrefixedConnection) {
        connection.isCalled = false
        connection.isHeld = false
        guard !connection.isClosed, !connection.isClosing, !connection.isBlocked else { return }
        // SAFETY: what was kept came from this buffer, so it fits.
        input.copyBytes(from: connection.input)
        answerFrames(connection, filled: connection.input.count)
    }

    /// Sends the answers that came while others were being given. False when the connection has been closed.
    private func sendLate(_ connection: LengthPrefixedConnection) -> Bool {
        if connection.late.isEmpty { return true }
        let late = connection.late
        connection.late = []
        if connection.isBlocked {
            connection.output += late
            return true
        }
        return late.withUnsafeBytes { flush(connection, $0) }
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

    private func closeConnection(_ connection: LengthPrefixedConnection) {
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

    // MARK: Time-outs

    private func armSweep() {
        let deadlines = [
            fresh.oldest.map { $0.time &+ firstTimeout }, idle.oldest.map { $0.time &+ limits.idleTimeout },
            blocked.oldest.map { $0.time &+ limits.writeTimeout },
        ]
        guard let deadline = deadlines.compactMap({ $0 }).min() else { return }
        if let sweep {
            // Deadlines move on with every frame; the timer is set again when it comes, not each time.
            if sweep.deadline <= deadline { return }
            loop.cancel(sweep.timer)
        }
        let timer = loop.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            self.sweep = nil
            self.closeExpired()
            self.armSweep()
        }
        sweep = (timer, deadline)
    }

    private var firstTimeout: UInt64 { limits.firstTimeout ?? limits.idleTimeout }

    private func closeExpired() {
        while let oldest = fresh.oldest, oldest.time &+ firstTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            statistics.idleTimeouts &+= 1
            closeConnection(connection)
        }
        while let oldest = idle.oldest, oldest.time &+ limits.idleTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            // RFC 7766, section 6.2.3: a connection with queries outstanding is not idle.
            if connection.owed > 0, limits.idleTimeout > 0 {
                idle.touch(oldest.member, time: loop.now)
                continue
            }
            statistics.idleTimeouts &+= 1
            closeConnection(connection)
        }
        while let oldest = blocked.oldest, oldest.time &+ limits.writeTimeout <= loop.now,
            let connection = connections[oldest.member]
        {
            statistics.writeTimeouts &+= 1
            closeConnection(connection)
        }
    }

    // MARK: Frames

    private func ready(_ connection: LengthPrefixedConnection, _ events: EventLoop.Events) {
        if !events.isDisjoint(with: [.error, .hangup]) {
            // Reset, or closed in both directions: nobody is left to answer.
            closeConnection(connection)
        } else if connection.isBlocked {
            if events.contains(.writable) { resume(connection) }
        } else if events.contains(connection.readingNeedsWriting ? .writable : .readable), !connection.mustNotBeRead {
            if mayRead(connection) { read(connection) }
        }
    }

    /// Whether a connection is read now: in a handshake only within the turn's measure.
    private func mayRead(_ connection: LengthPrefixedConnection) -> Bool {
        guard let session = connection.session, !session.isEstablished else { return true }
        if handshakes == 0 { loop.atEndOfTurn { [weak self] in self?.handshakes = 0 } }
        handshakes += 1
        // The others are still readable in the next turn.
        return handshakes <= Self.handshakesPerTurn
    }

    /// Reads again soon what has been taken from the socket already, which says nothing more about it.
    private func readMore(_ connection: LengthPrefixedConnection) {
        guard !connection.readsSoon, let session = connection.session, session.hasMore else { return }
        connection.readsSoon = true
        loop.schedule(after: 0) { [weak self] in
            connection.readsSoon = false
            guard let self, !connection.isClosed, !connection.isBlocked, !connection.isClosing,
                !connection.mustNotBeRead
            else { return }
            self.read(connection)
        }
    }

    private func read(_ connection: LengthPrefixedConnection) {
        let start = connection.input.count
        // SAFETY: what is kept of the input is less than a frame and its prefix here, half of the buffer (only a connection
        // that is blocked or full keeps more, and it is not read).
        input.copyBytes(from: connection.input)
        let (count, code) = connection.read(into: UnsafeMutableRawBufferPointer(rebasing: input[start...]))
        if count < 0 {
            if code != EAGAIN {
                if let session = connection.session, !session.isEstablished { statistics.failedHandshakes &+= 1 }
                closeConnection(connection)
            } else if connection.session != nil {
                // A handshake may wait for the other direction now.
                settle(connection)
            }
            return
        }
        if count == 0 {
            // RFC 7766 section 6.2.1: a client may close its side and still wait for answers.
            guard connection.owed > 0 else { return closeConnection(connection) }
            connection.isClosing = true
            return settle(connection)
        }
        answerFrames(connection, filled: start + count)
    }

    /// Goes on with a connection whose client takes answers again.
    private func resume(_ connection: LengthPrefixedConnection) {
        let (count, code) = connection.output.withUnsafeBytes { bytes in
            statistics.writes &+= 1
            return connection.write(UnsafeRawBufferPointer(rebasing: bytes[connection.outputStart...]))
        }
        if count < 0 {
            if code != EAGAIN { closeConnection(connection) }
            return
        }
        connection.outputStart += count
        if connection.isBlocked { return }
        connection.output = []
        connection.outputStart = 0
        if connection.isClosing, connection.owed == 0 { return closeConnection(connection) }
        blocked.remove(connection.socket.descriptor)
        idle.touch(connection.socket.descriptor, time: loop.now)
        armSweep()
        // SAFETY: what was kept came from this buffer, so it fits.
        input.copyBytes(from: connection.input)
        if connection.isClosing { return settle(connection) }
        answerFrames(connection, filled: connection.input.count)
    }

    /// Answers the complete frames of the first `filled` bytes of the input buffer and keeps what is left over.
    private func answerFrames(_ connection: LengthPrefixedConnection, filled: Int) {
        var read = 0
        var written = 0
        var answered = false
        while filled - read >= Self.prefix {
            let length = Int(input[read]) << 8 | Int(input[read + 1])
            // A frame without bytes asks nothing; the ones after it count.
            if length == 0 {
                read += Self.prefix
                continue
            }
            guard filled - read - Self.prefix >= length else { break }
            if connection.isFull {
                connection.isHeld = true
                break
            }
            if Self.outputBytes - written < Self.prefix + Self.maximumFrame {
                guard flush(connection, written) else { return }
                written = 0
                if connection.isBlocked { break }
            }
            // SAFETY: the request is within the `filled` bytes, and the output has room for the longest frame and its prefix
            // from `written` on: both were checked above. The buffers live as long as the server.
            let frame = UnsafeMutableRawBufferPointer(rebasing: output[(written + Self.prefix)...])
            frame.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: input[(read + Self.prefix)..<(read + Self.prefix + length)]))
            read += Self.prefix + length
            answered = true
            statistics.frames &+= 1
            connection.frames &+= 1
            guard let start = frame.baseAddress else { break }
            answering = connection
            let size = answer(start, length, connection.client, connection.local)
            answering = nil
            guard size >= 0, size <= Self.maximumFrame else {
                connection.isClosing = true
                read = filled
                break
            }
            if size > 0 {
                output[written] = UInt8(truncatingIfNeeded: size >> 8)
                output[written + 1] = UInt8(truncatingIfNeeded: size)
                written += Self.prefix + size
            }
            if connection.frames >= limits.frames {
                // RFC 7766, section 6.2.3: a client must be ready for this, and asks the rest again.
                connection.isClosing = true
                read = filled
                break
            }
        }
        keep(connection, from: read, to: filled)
        if answered, !connection.isBlocked {
            let wasFresh = fresh.contains(connection.socket.descriptor)
            fresh.remove(connection.socket.descriptor)
            idle.touch(connection.socket.descriptor, time: loop.now)
            // Its new deadline may come before all others.
            if wasFresh { armSweep() }
        }
        guard flush(connection, written), sendLate(connection) else { return }
        if connection.isClosing, !connection.isBlocked, connection.owed == 0 { return closeConnection(connection) }
        settle(connection)
    }

    private func keep(_ connection: LengthPrefixedConnection, from: Int, to: Int) {
        if from == to {
            if !connection.input.isEmpty { connection.input = [] }
        } else {
            connection.input = Array(input[from..<to])
        }
    }

    /// Writes the first `count` bytes of the output buffer; what the kernel does not take is kept with the connection.
    /// False when the connection has been closed.
    private func flush(_ connection: LengthPrefixedConnection, _ count: Int) -> Bool {
        flush(connection, UnsafeRawBufferPointer(rebasing: output[..<count]))
    }

    private func flush(_ connection: LengthPrefixedConnection, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = bytes.count
        if count == 0 { return true }
        statistics.writes &+= 1
        let (written, code) = connection.write(bytes)
        if written < 0, code != EAGAIN {
            closeConnection(connection)
            return false
        }
        let taken = max(0, written)
        if taken < count {
            connection.output = Array(bytes[taken..<count])
            connection.outputStart = 0
            fresh.remove(connection.socket.descriptor)
            idle.remove(connection.socket.descriptor)
            blocked.touch(connection.socket.descriptor, time: loop.now)
            armSweep()
        }
        return true
    }

    /// Has the loop call for what the connection waits for.
    private func settle(_ connection: LengthPrefixedConnection) {
        // A connection that only waits for what it is owed is not read: its end would be reported for ever. Nor is one that
        // is owed too much.
        let interest: EventLoop.Events =
            connection.isBlocked
            ? .writable
            : connection.isClosing || connection.mustNotBeRead
                ? [] : connection.readingNeedsWriting ? .writable : .readable
        if interest == .readable { readMore(connection) }
        if interest == connection.interest { return }
        do throws(SystemError) {
            try loop.modify(connection.socket.descriptor, interest)
            connection.interest = interest
        } catch {
            closeConnection(connection)
        }
    }
}
