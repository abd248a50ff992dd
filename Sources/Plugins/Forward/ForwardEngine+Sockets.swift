import DNSWire
import Glibc
import LinuxIO

/// Sending questions and receiving answers.
extension ForwardEngine {
    /// Sends a flight's question to an upstream; nil, with the flight's failure set, where that has failed.
    func send(
        _ flight: Flight, to upstream: Upstream, _ stage: EngineStage
    ) -> (channel: UpstreamChannel, identifier: UInt16)? {
        if let https = upstream.https { return sendOverHTTPS(flight, to: upstream, https, stage) }
        doubtConnections(flight, upstream)
        do throws(SystemError) {
            let channel: UpstreamChannel =
                flight.needsStream || upstream.tls != nil
                ? try streamChannel(upstream, stage) : try datagramChannel(upstream, stage)
            guard let identifier = channel.waiting.add(flight.place, &numbers) else {
                flight.failure = "no id is free for \(channel.ends)"
                return nil
            }
            if let datagrams = channel as? DatagramChannel {
                post(flight, identifier, datagrams)
            } else if let problem = write(flight, identifier, channel as? StreamChannel) {
                channel.waiting.remove(identifier)
                flight.failure = problem
                return nil
            }
            channel.usedAt = loop.now
            armSweep()
            return (channel, identifier)
        } catch {
            let network = flight.needsStream || upstream.tls != nil ? "tcp" : "udp"
            flight.failure = "dial \(network) \(upstream.name): \(error.call): \(error.reason)"
            return nil
        }
    }

    /// Copies a flight's question with its id to where it is sent from, behind room for a frame's length.
    private func prepare(_ flight: Flight, _ identifier: UInt16) -> Int {
        let count = min(flight.question.message.count, output.count - 2)
        // SAFETY: the output has room for the longest message and the two bytes before it.
        flight.question.message.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: output[2...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        output[0] = UInt8(truncatingIfNeeded: count >> 8)
        output[1] = UInt8(truncatingIfNeeded: count)
        output[2] = UInt8(identifier >> 8)
        output[3] = UInt8(identifier & 0xFF)
        return count
    }

    /// Whether a channel that is kept may still be used.
    func mayReuse(_ channel: UpstreamChannel, _ stage: EngineStage) -> Bool {
        if channel.isRetired || channel.isClosed { return false }
        if stage.options.longestAge > 0, loop.now &- channel.openedAt > stage.options.longestAge { return false }
        return !channel.waiting.isEmpty || loop.now &- channel.usedAt <= stage.options.expire
    }

    // MARK: UDP

    private func datagramChannel(_ upstream: Upstream, _ stage: EngineStage) throws(SystemError) -> DatagramChannel {
        // RFC 5452, section 9.2: a port that cannot be foreseen for each question.
        let place = numbers.below(DatagramChannel.mostOpen)
        if place < upstream.datagrams.count {
            let channel = upstream.datagrams[place]
            let isWornOut =
                channel.questions >= DatagramChannel.mostQuestions
                && upstream.retired.count < DatagramChannel.mostRetired
            if mayReuse(channel, stage), !isWornOut {
                channel.questions += 1
                upstream.metrics.countConnection(isStream: false, isReused: true)
                return channel
            }
            retire(channel)
        }
        do throws(SystemError) {
            let socket = try ConnectedSocket.open(.datagram, to: upstream.address, from: stage.options.sourceAddress)
            let channel = DatagramChannel(socket: socket, upstream: upstream, now: loop.now)
            try register(channel, .readable) { [unowned self, unowned channel] _ in self.receive(channel) }
            upstream.datagrams.append(channel)
            channel.questions = 1
            upstream.metrics.countConnection(isStream: false, isReused: false)
            return channel
        } catch {
            // No descriptor may be left; those that are open do.
            guard let channel = upstream.datagrams.last else { throw error }
            return channel
        }
    }

    private func register(
        _ channel: SocketChannel, _ interest: EventLoop.Events, _ handler: @escaping EventLoop.Handler
    ) throws(SystemError) {
        do throws(SystemError) {
            try loop.register(channel.socket.descriptor, interest, handler: handler)
        } catch {
            channel.socket.close()
            throw error
        }
    }

    /// Has a question sent at the end of the turn, together with others from the same port.
    private func post(_ flight: Flight, _ identifier: UInt16, _ channel: DatagramChannel) {
        let outgoing: OutgoingDatagrams
        if let found = channel.outgoing {
            outgoing = found
        } else {
            outgoing = spareOutgoing.popLast() ?? OutgoingDatagrams()
            channel.outgoing = outgoing
            postedChannels.append(channel)
            endTurn()
        }
        let copy = flight.question.message.withUnsafeBytes { outgoing.add($0) }
        copy[0] = UInt8(identifier >> 8)
        copy[1] = UInt8(identifier & 0xFF)
    }

    func sendPosted() {
        guard !postedChannels.isEmpty else { return }
        let channels = postedChannels
        postedChannels = []
        for channel in channels {
            guard let outgoing = channel.outgoing else { continue }
            channel.outgoing = nil
            let code = channel.isClosed ? 0 : outgoing.send(channel.socket)
            outgoing.removeAll()
            spareOutgoing.append(outgoing)
            // What the kernel has no room for is lost as it might be on the way.
            if code == 0 || code == EAGAIN || code == ENOBUFS { continue }
            failed(channel, "write \(channel.ends): write: \(SystemError(call: "write", code: code).reason)")
        }
    }

    /// Room for the answers of one call: as many as questions go out together, of a size that no client of UDP goes beyond.
    static let mostAnswers = 32
    static let longestDatagram = 4096

    private func receive(_ channel: DatagramChannel) {
        // As many as there are, up to a limit: the loop comes back while there are more.
        let most = min(Self.mostAnswers, max(1, channel.waiting.count))
        let (count, code) = channel.socket.receive(
            into: answers, stride: Self.longestDatagram,
            lengths: UnsafeMutableBufferPointer(rebasing: answerLengths[..<most]))
        if count < 0 {
            if code == EAGAIN { return }
            return failed(channel, "read \(channel.ends): read: \(SystemError(call: "read", code: code).reason)")
        }
        channel.usedAt = loop.now
        for place in 0..<count {
            let start = place * Self.longestDatagram
            received(UnsafeRawBufferPointer(rebasing: answers[start..<start + Int(answerLengths[place])]), on: channel)
        }
    }

    // MARK: TCP

    /// Gives up the connections of an upstream that have been of no use since a flight's question was sent over one of them: a
    /// firewall may have forgotten all that were kept, and the question is to find a new one.
    private func doubtConnections(_ flight: Flight, _ upstream: Upstream) {
        for attempt in flight.outstanding where attempt.upstream === upstream && attempt.channel is StreamChannel {
            for channel in upstream.streams where channel.usedAt <= attempt.sentAt { retire(channel) }
        }
    }

    private func streamChannel(_ upstream: Upstream, _ stage: EngineStage) throws(SystemError) -> StreamChannel {
        for channel in upstream.streams where !mayReuse(channel, stage) { retire(channel) }
        // One that nothing waits for; or a new one; or the one with the fewest.
        let best = upstream.streams.min { $0.waiting.count < $1.waiting.count }
        if let best, best.waiting.isEmpty || upstream.streams.count >= StreamChannel.mostOpen {
            upstream.countStream(isReused: true)
            return best
        }
        upstream.countStream(isReused: false)
        do throws(SystemError) {
            let socket = try ConnectedSocket.open(.stream, to: upstream.address, from: stage.options.sourceAddress)
            let channel = StreamChannel(socket: socket, upstream: upstream, now: loop.now)
            if let tls = upstream.tls { channel.session = try tls.open(socket) }
            try register(channel, .writable) { [unowned self, unowned channel] events in self.ready(channel, events) }
            upstream.streams.append(channel)
            return channel
        } catch {
            guard let best else { throw error }
            return best
        }
    }

    private func write(_ flight: Flight, _ identifier: UInt16, _ channel: StreamChannel?) -> String? {
        guard let channel else { return "no connection" }
        let count = prepare(flight, identifier) + 2
        guard channel.output.count + count <= StreamChannel.mostOutput else {
            return "write \(channel.ends): too much waits"
        }
        if channel.isConnected, channel.output.isEmpty {
            var taken = 0
            switch channel.send(UnsafeRawBufferPointer(rebasing: output[..<count])) {
            case .done(let sent): taken = sent
            case .wait: break
            case .ended:
                failed(channel, "EOF")
                return "EOF"
            case .failed(let problem):
                failed(channel, problem)
                return problem
            }
            if taken < count { channel.output += output[taken..<count] }
        } else {
            channel.output += output[..<count]
        }
        settle(channel)
        return nil
    }

    func settle(_ channel: StreamChannel) {
        var interest: EventLoop.Events = channel.isConnected || channel.waitsForPeer ? .readable : .writable
        if !channel.output.isEmpty, !channel.waitsForPeer { interest.insert(.writable) }
        guard interest != channel.interest, !channel.isClosed else { return }
        channel.interest = interest
        try? loop.modify(channel.socket.descriptor, interest)
    }

    private func ready(_ channel: StreamChannel, _ events: EventLoop.Events) {
        if !channel.isConnected {
            let code = channel.socket.pendingError
            if code != 0 {
                return failed(
                    channel,
                    "dial tcp \(channel.upstream.name): connect: \(SystemError(call: "connect", code: code).reason)")
            }
            if channel.session != nil {
                guard shakeHands(channel) else { return }
            } else if events.contains(.writable) {
                channel.isConnected = true
            }
        }
        if events.contains(.writable) || channel.session != nil, channel.isConnected, !channel.output.isEmpty {
            switch channel.output.withUnsafeBytes({ channel.send($0) }) {
            case .done(let count): channel.output.removeFirst(count)
            case .wait: break
            case .ended: return failed(channel, "EOF")
            case .failed(let problem): return failed(channel, problem)
            }
        }
        settle(channel)
        if channel.isConnected, !events.isDisjoint(with: [.readable, .hangup, .error]) { read(channel) }
    }

    func read(_ channel: StreamChannel) {
        let held = channel.input.count
        // SAFETY: what is held is less than a frame, for which the input has room.
        input.copyBytes(from: channel.input)
        let count: Int
        switch channel.receive(into: UnsafeMutableRawBufferPointer(rebasing: input[held...])) {
        case .done(let received): count = received
        case .wait: return
        case .ended: return failed(channel, "EOF")
        case .failed(let problem): return failed(channel, problem)
        }
        channel.usedAt = loop.now
        let filled = held + count
        var start = 0
        while filled - start >= 2, !channel.isClosed {
            let length = Int(input[start]) << 8 | Int(input[start + 1])
            guard filled - start - 2 >= length else { break }
            received(UnsafeRawBufferPointer(rebasing: input[start + 2..<start + 2 + length]), on: channel)
            start += 2 + length
        }
        guard !channel.isClosed else { return }
        channel.input = Array(input[start..<filled])
        readMore(channel)
    }

    // MARK: The end of a channel

    /// Nobody waits any more for the answer of an attempt.
    func forget(_ attempt: Flight.Attempt) {
        let channel = attempt.channel
        channel.forget(attempt.identifier)
        closeIfDone(channel)
    }

    /// Closes a channel that nobody waits on and that is not kept.
    func closeIfDone(_ channel: UpstreamChannel) {
        guard channel.waiting.isEmpty, !channel.isClosed else { return }
        let stage = channel.upstream.stage
        let mostIdle = stage.options.mostIdle
        let isSurplus = mostIdle > 0 && idleChannels(like: channel) > mostIdle
        if channel.isRetired || stage.options.expire == 0 || !channel.upstream.isInUse || isSurplus { close(channel) }
    }

    private func idleChannels(like channel: UpstreamChannel) -> Int {
        switch channel {
        case is StreamChannel: channel.upstream.streams.count { $0.waiting.isEmpty }
        case is DatagramChannel: channel.upstream.datagrams.count { $0.waiting.isEmpty }
        // Its client has the limit.
        default: 0
        }
    }

    /// Has a channel take no more questions.
    func retire(_ channel: UpstreamChannel) {
        channel.isRetired = true
        if channel.waiting.isEmpty { return close(channel) }
        takeOut(channel)
        channel.upstream.retired.append(channel)
    }

    private func takeOut(_ channel: UpstreamChannel) {
        let upstream = channel.upstream
        if let place = upstream.datagrams.firstIndex(where: { $0 === channel }) { upstream.datagrams.remove(at: place) }
        if let place = upstream.streams.firstIndex(where: { $0 === channel }) { upstream.streams.remove(at: place) }
        if upstream.httpsChannel === channel { upstream.httpsChannel = nil }
        if let place = upstream.retired.firstIndex(where: { $0 === channel }) { upstream.retired.remove(at: place) }
    }

    func close(_ channel: UpstreamChannel) {
        guard !channel.isClosed else { return }
        channel.isClosed = true
        channel.isRetired = true
        if let channel = channel as? SocketChannel {
            loop.unregister(channel.socket.descriptor)
            (channel as? StreamChannel)?.session?.end()
            channel.socket.close()
        } else {
            (channel as? HTTPSChannel)?.close()
        }
        takeOut(channel)
    }

    /// A channel is of no more use: whoever waits on it tries again.
    func failed(_ channel: UpstreamChannel, _ problem: String) {
        let waiting = channel.waiting.removeAll()
        // The ends are gone with the socket: what is said about them was said before.
        close(channel)
        for (identifier, place) in waiting {
            if let flight = flights[place] { attemptFailed(flight, channel, identifier, problem) }
        }
    }

    // MARK: Channels that nothing waits for

    func armSweep() {
        guard sweep == nil, !isClosed else { return }
        let shortest = stages.map(\.options.expire).min() ?? Clock.second
        let pause = min(max(shortest / 2, 50 * Clock.millisecond), Clock.second)
        sweep = loop.schedule(after: pause) { [self] in
            sweep = nil
            closeExpired()
        }
    }

    private func closeExpired() {
        var isAnyOpen = false
        for stage in stages {
            for upstream in stage.allUpstreams {
                var kept: [UpstreamChannel] = upstream.datagrams + upstream.streams
                if let channel = upstream.httpsChannel { kept.append(channel) }
                for channel in kept where channel.waiting.isEmpty && !mayReuse(channel, stage) { close(channel) }
                if upstream.openSockets > 0 { isAnyOpen = true }
            }
        }
        if isAnyOpen { armSweep() }
    }
}
