import LinuxIO
import PluginKit

/// A flight's way from upstream to upstream, until one has answered or nobody waits any more.
extension ForwardEngine {
    /// Does what is to be done about a flight now: gives up attempts that have waited too long, begins the next one, or gives
    /// up the flight.
    func proceed(_ flight: Flight) {
        let now = loop.now
        if now >= flight.firstClientLeaves {
            dismissClients(flight, now)
            guard !flight.isOver else { return }
        }
        expireAttempts(flight, now)
        while !flight.isOver, flight.attempts < flight.mostAttempts, now >= flight.nextAttemptAt, now < flight.deadline
        {
            guard let upstream = choose(flight) else {
                flight.mostAttempts = flight.attempts
                break
            }
            flight.attempts += 1
            if begin(flight, upstream, now) { break }
        }
        guard !flight.isOver else { return }
        let mayTryAgain = flight.attempts < flight.mostAttempts && flight.nextAttemptAt < flight.deadline
        if flight.outstanding.isEmpty, !mayTryAgain || now >= flight.deadline { return giveUp(flight) }
        var wake = flight.deadline
        if mayTryAgain { wake = min(wake, flight.nextAttemptAt) }
        for attempt in flight.outstanding { wake = min(wake, attempt.expiresAt) }
        self.wake(flight, at: min(wake, flight.firstClientLeaves), now)
    }

    /// Has a flight looked at again at a time, or before.
    func wake(_ flight: Flight, at time: UInt64, _ now: UInt64) {
        guard flight.wakesAt.map({ time < $0 }) ?? true else { return }
        flight.wakesAt = time
        wheel.add(flight.ticket, at: time, now: now)
        armTick()
    }

    /// Lets go of clients that wait no more: they are sent nothing (CoreDNS: plugin/cancel). A question that nobody waits for
    /// has come to its end.
    private func dismissClients(_ flight: Flight, _ now: UInt64) {
        var gone: [WaitingExchange] = []
        var stay: [WaitingExchange] = []
        flight.firstClientLeaves = .max
        for client in flight.clients {
            let deadline = client.exchange.pointee.deadline
            if deadline <= now {
                gone.append(client)
            } else {
                stay.append(client)
                flight.firstClientLeaves = min(flight.firstClientLeaves, deadline)
            }
        }
        flight.clients = stay
        waiting -= gone.count
        stages[flight.stage].concurrent -= gone.count
        if stay.isEmpty { remove(flight) }
        for client in gone { client.resume(.drop) }
    }

    private func expireAttempts(_ flight: Flight, _ now: UInt64) {
        var place = 0
        while place < flight.outstanding.count {
            let attempt = flight.outstanding[place]
            if now < attempt.expiresAt, now < flight.deadline {
                place += 1
                continue
            }
            flight.outstanding.remove(at: place)
            if let channel = attempt.channel as? HTTPSChannel {
                channel.doubt(since: attempt.sentAt)
                flight.failure = "\(channel.ends): i/o timeout"
            } else {
                // A connection on which an answer is missing is not trusted with more (CoreDNS closes it).
                attempt.channel.isRetired = true
                let isConnecting = (attempt.channel as? StreamChannel).map { !$0.isConnected } ?? false
                let what = isConnecting ? "dial tcp \(attempt.upstream.name)" : "read \(attempt.channel.ends)"
                flight.failure = "\(what): i/o timeout"
            }
            forget(attempt)
            noteFailure(attempt.upstream, flight)
        }
    }

    /// The upstream that comes next; nil where all are down and that is to be an error.
    private func choose(_ flight: Flight) -> Upstream? {
        if let checked = flight.checked { return checked }
        let maxFails = stages[flight.stage].options.maxFails
        while true {
            if flight.next >= flight.upstreams.count {
                flight.next = 0
                flight.passedOver = 0
            }
            let upstream = flight.upstream(at: flight.next)
            flight.next += 1
            guard upstream.isDown(maxFails) else { return upstream }
            flight.passedOver += 1
            if flight.passedOver < flight.upstreams.count { continue }
            // CoreDNS: the checks may be what is broken, so one of the upstreams is tried, once.
            metrics.countBroken()
            if flight.failure.isEmpty { flight.failure = "no healthy proxies" }
            if stages[flight.stage].options.failsFast { return nil }
            flight.mostAttempts = flight.attempts + 1
            return flight.upstreams[numbers.below(flight.upstreams.count)]
        }
    }

    /// Sends a flight's question to an upstream. False where that has failed at once.
    func begin(_ flight: Flight, _ upstream: Upstream, _ now: UInt64) -> Bool {
        let stage = stages[flight.stage]
        let isDown = upstream.isDown(stage.options.maxFails)
        // Where TCP is only to better what UDP has said, there is something to give out when it does not answer.
        let timeout =
            flight.checked != nil || isDown || flight.truncated != nil
            ? min(stage.options.readTimeout, Self.patienceWithTheDown) : stage.options.readTimeout
        let sent = send(flight, to: upstream, stage)
        guard let (channel, identifier) = sent else {
            noteFailure(upstream, flight)
            pace(flight, now)
            return false
        }
        flight.outstanding.append(
            Flight.Attempt(
                channel: channel, identifier: identifier, upstream: upstream, sentAt: now,
                expiresAt: min(now + timeout, flight.deadline)))
        let longest = stage.options.readTimeout / 2
        let usual =
            flight.upstreams.count > 1 && upstream.roundTrip > 0
            ? max(Self.shortestPatience, 4 * upstream.roundTrip) : longest
        flight.nextAttemptAt = now + min(usual, max(longest, 1))
        return true
    }

    /// Has the next attempt wait where every upstream has just had its turn and there is no bound to the number of attempts.
    private func pace(_ flight: Flight, _ now: UInt64) {
        let isUnbounded = flight.mostAttempts == .max
        let isRoundOver = flight.attempts % max(1, flight.upstreams.count) == 0
        flight.nextAttemptAt = isUnbounded && isRoundOver ? now + Self.pauseBetweenRounds : now
    }

    /// An attempt's channel has failed: the next one begins.
    ///
    /// - Parameter isFree: whether all that happened is that a connection which was kept was closed.
    func attemptFailed(
        _ flight: Flight, _ channel: UpstreamChannel, _ identifier: UInt16, _ failure: String, isFree: Bool = false
    ) {
        guard !flight.isOver,
            let place = flight.outstanding.firstIndex(where: {
                $0.channel === channel && $0.identifier == identifier
            })
        else { return }
        let attempt = flight.outstanding.remove(at: place)
        flight.failure = failure
        if isFree || (channel as? StreamChannel)?.hasAnswered == true, flight.freeRetries < StreamChannel.mostOpen + 1 {
            // CoreDNS: the upstream has closed a connection that was kept. That says nothing about the upstream.
            flight.freeRetries += 1
            flight.attempts -= 1
            flight.next = max(0, flight.next - 1)
            flight.nextAttemptAt = loop.now
        } else {
            noteFailure(attempt.upstream, flight)
            pace(flight, loop.now)
        }
        proceed(flight)
    }

    /// Something went wrong with an upstream: its health is checked.
    func noteFailure(_ upstream: Upstream, _ flight: Flight) {
        // What could be had over UDP is better than nothing, and at once better than late.
        if flight.truncated != nil { flight.mostAttempts = flight.attempts }
        if flight.checked == nil { check(upstream, stage: flight.stage) }
    }
}
