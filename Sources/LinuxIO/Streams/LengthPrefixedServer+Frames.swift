import Glibc

/// Reading frames and writing answers.
extension LengthPrefixedServer {
    func ready(_ connection: LengthPrefixedConnection, _ events: EventLoop.Events) {
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

    func read(_ connection: LengthPrefixedConnection) {
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
    func settle(_ connection: LengthPrefixedConnection) {
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

    /// Goes on with what a connection has asked while it was owed too much.
    func answerHeld(_ connection: LengthPrefixedConnection) {
        connection.isCalled = false
        connection.isHeld = false
        guard !connection.isClosed, !connection.isClosing, !connection.isBlocked else { return }
        // SAFETY: what was kept came from this buffer, so it fits.
        input.copyBytes(from: connection.input)
        answerFrames(connection, filled: connection.input.count)
    }

    /// Sends the answers that came while others were being given. False when the connection has been closed.
    func sendLate(_ connection: LengthPrefixedConnection) -> Bool {
        if connection.late.isEmpty { return true }
        let late = connection.late
        connection.late = []
        if connection.isBlocked {
            connection.output += late
            return true
        }
        return late.withUnsafeBytes { flush(connection, $0) }
    }
}
