import DNSWire
import LinuxIO
import PluginKit

/// What upstreams have answered, and what clients are told.
extension ForwardEngine {
    /// Takes a message that has come on a channel from its upstream. Whatever is no answer to the question with its id is passed
    /// over: the real one may still come.
    ///
    /// - Returns: whether it was the answer to a question that waited for it.
    @discardableResult
    func received(_ message: UnsafeRawBufferPointer, on channel: UpstreamChannel) -> Bool {
        guard message.count >= Header.length, let base = message.baseAddress else { return false }
        let identifier = Header.field(base, Header.identifierOffset)
        guard let flight = channel.waiting[identifier].flatMap({ flights[$0] }) else { return false }
        guard let response = UpstreamResponse(message, questionEnd: flight.question.end),
            flight.checked != nil || flight.question.isAnswered(by: message)
        else { return false }
        guard
            let place = flight.outstanding.firstIndex(where: {
                $0.channel === channel && $0.identifier == identifier
            })
        else { return false }
        let attempt = flight.outstanding.remove(at: place)
        forget(attempt)
        let upstream = attempt.upstream
        (channel as? StreamChannel)?.hasAnswered = true
        let now = loop.now
        upstream.observe(roundTrip: now &- attempt.sentAt)
        recovered(upstream)
        if flight.checked != nil {
            checkSucceeded(flight)
            return true
        }
        upstream.metrics.observe(response.code, nanoseconds: now &- attempt.sentAt)
        let stage = stages[flight.stage]
        if response.isTruncated, flight.retriesTruncated, !flight.needsStream, !upstream.isStreamOnly {
            flight.needsStream = true
            if flight.keepsTruncated { flight.truncated = (Array(message), upstream) }
            // The next attempt is at the same upstream, and is no new one.
            if begin(flight, upstream, now) {
                proceed(flight)
                return true
            }
        }
        if !stage.options.failoverCodes.isEmpty, stage.options.failoverCodes.contains(response.code) {
            flight.failovers += 1
            if flight.failovers < flight.upstreams.count, now < flight.deadline {
                // What the next one says counts, so that there is always one more attempt.
                flight.mostAttempts = max(flight.mostAttempts, flight.attempts + 1)
                flight.nextAttemptAt = now
                proceed(flight)
                return true
            }
        }
        deliver(response, flight, stage, from: upstream)
        return true
    }

    private func deliver(
        _ response: UpstreamResponse, _ flight: Flight, _ stage: EngineStage, from upstream: Upstream
    ) {
        remove(flight)
        waiting -= flight.clients.count
        stage.concurrent -= flight.clients.count
        let goesOn =
            flight.stage + 1 < stages.count
            && (stage.options.nextCodes.contains(response.code)
                || stage.options.goesNextOnNoData && response.code == .noError && response.hasNoAnswer)
        // Nobody joins a flight that is over: the clients stay the same meanwhile.
        for client in flight.clients {
            if goesOn {
                takeUpAgain(client, after: flight.stage)
            } else {
                client.exchange.pointee.take(response: response)
                client.exchange.pointee.upstream = upstream.address
                client.resume(.answered)
            }
        }
        flight.clients.removeAll(keepingCapacity: true)
    }

    /// Leads a query on to the stages after one.
    private func takeUpAgain(_ client: WaitingExchange, after place: Int) {
        let next = matchers.view.first(from: place + 1, client.exchange)
        guard next >= 0 else { return client.resume(.next) }
        let verdict = take(client, stage: next)
        if verdict != .later { client.resume(verdict) }
    }

    func giveUp(_ flight: Flight) {
        if let (message, upstream) = flight.truncated {
            flight.truncated = nil
            let isDelivered = message.withUnsafeBytes { bytes -> Bool in
                guard let response = UpstreamResponse(bytes, questionEnd: flight.question.end) else { return false }
                deliver(response, flight, stages[flight.stage], from: upstream)
                return true
            }
            if isDelivered { return }
        }
        remove(flight)
        if flight.failure.isEmpty { flight.failure = "no healthy proxies" }
        if flight.checked != nil { return checkFailed(flight) }
        let clients = flight.clients
        flight.clients = []
        waiting -= clients.count
        stages[flight.stage].concurrent -= clients.count
        for client in clients {
            fail(client.exchange, .serverFailure, flight.failure)
            client.resume(.answered)
        }
    }
}
