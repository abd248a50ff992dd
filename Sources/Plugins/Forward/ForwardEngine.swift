import DNSWire
import Glibc
import LinuxIO
import PluginKit

/// Asks the upstreams for all chains of an event loop. Belongs to the loop's thread.
final class ForwardEngine {
    /// How long a query may take in all (CoreDNS).
    static let longestQuery = 5 * Clock.second
    /// Most queries that wait at a time. Each costs some kilobytes, and beyond a client has long asked somebody else.
    static let mostWaiting = 16_384
    /// How long the answer of an upstream is waited for before the next is tried: four times what it takes as a rule, within
    /// these bounds.
    static let shortestPatience = 250 * Clock.millisecond
    /// How long an upstream that is down is given to answer after all: as long as a health check.
    static let patienceWithTheDown = Clock.second
    /// Between two rounds over all upstreams where `max_connect_attempts` is 0 and they fail at once.
    static let pauseBetweenRounds = 250 * Clock.millisecond
    /// Room for any answer: that of a frame and its length.
    static let longestMessage = 65_535 + 2

    let loop: EventLoop
    let log: Log
    let metrics: ForwardMetrics
    let stages: [EngineStage]
    private let matchers: ForwardMatchers
    /// Where answers arrive.
    let input: UnsafeMutableRawBufferPointer
    /// Where datagrams arrive, several at a time, and how long they are.
    let answers: UnsafeMutableRawBufferPointer
    let answerLengths: UnsafeMutableBufferPointer<UInt32>
    /// Channels with questions that are sent at the end of the turn.
    var postedChannels: [DatagramChannel] = []
    /// Memory for such questions.
    var spareOutgoing: [OutgoingDatagrams] = []
    /// Where questions are put together.
    let output: UnsafeMutableRawBufferPointer
    var numbers = UnguessableNumbers()
    private var flights: [Flight?] = []
    /// Flights that are over, whose memory is another's from the next turn on: in this one somebody may still look at them.
    private var endedFlights: [Flight] = []
    private var spareFlights: [Flight] = []
    /// How many are kept: as many as a busy moment has at a time.
    private static let mostSpareFlights = 512
    private var freePlaces: [Int] = []
    private var generation: UInt64 = 0
    /// The flights that others may join, by the key of their question.
    private var joinable: [UInt64: Flight] = [:]
    /// Makes the keys of messages this engine's own, so that nobody can choose messages with the same.
    private let seed = UInt64.random(in: .min ... .max)
    private var wheel: DeadlineWheel
    private var tick: TimerID?
    var sweep: TimerID?
    private var look: TimerID?
    /// Exchanges that wait.
    private(set) var waiting = 0
    private(set) var isClosed = false
    /// The words of a failure, for as long as an exchange is led on.
    private let words: UnsafeMutableRawBufferPointer
    private var flightsInTheAir = 0

    /// - Parameter options: one for each `forward` of the block, in order.
    init(_ options: [ForwardOptions], _ matchers: ForwardMatchers, loop: EventLoop, process: ProcessContext) {
        self.loop = loop
        self.matchers = matchers
        log = process.log
        metrics = ForwardMetrics.of(process)
        let metrics = metrics
        stages = options.map { EngineStage($0, metrics) }
        // SAFETY: the five belong to the engine, which frees them in `deinit`.
        input = .allocate(byteCount: Self.longestMessage, alignment: 8)
        output = .allocate(byteCount: Self.longestMessage, alignment: 8)
        answers = .allocate(byteCount: Self.mostAnswers * Self.longestDatagram, alignment: 8)
        answerLengths = .allocate(capacity: Self.mostAnswers)
        answerLengths.initialize(repeating: 0)
        words = .allocate(byteCount: 512, alignment: 8)
        wheel = DeadlineWheel(now: loop.now)
        if options.contains(where: { $0.destinations.contains { $0.path != nil } }) { lookAgain() }
    }

    deinit {
        input.deallocate()
        output.deallocate()
        words.deallocate()
        answers.deallocate()
        answerLengths.deallocate()
    }

    // MARK: Queries

    /// Takes a query that a stage is for.
    ///
    /// - Returns: `.later`, or `.answered` where the answer is there at once: a refusal.
    func take(_ waiting: WaitingExchange, stage place: Int) -> Verdict {
        let exchange = waiting.exchange
        let stage = stages[place]
        if stage.options.maxConcurrent > 0, stage.concurrent >= stage.options.maxConcurrent {
            metrics.countRejected()
            fail(exchange, .refused, "concurrent queries exceeded maximum \(stage.options.maxConcurrent)")
            return .answered
        }
        guard self.waiting < Self.mostWaiting, !isClosed else {
            fail(exchange, .serverFailure, "more than \(Self.mostWaiting) queries wait for answers")
            return .answered
        }
        let prefersUDP = stage.options.prefersUDP || exchange.pointee.prefersUDP
        let needsStream = stage.options.forcesTCP || !prefersUDP && exchange.pointee.transport == .tcp
        let question = Question(exchange, stage: place, needsStream: needsStream, retriesTruncated: prefersUDP)
        let now = loop.now
        var flight: Flight
        let key = question.key(seed: seed)
        let found = joinable[key]
        if let found, found.message == question.message {
            flight = found
        } else {
            let upstreams = stage.upstreams
            let most = stage.options.maxAttempts.map { $0 == 0 ? Int.max : $0 } ?? 2 * upstreams.count
            let ticket = nextTicket()
            let (deadline, first) = (now + Self.longestQuery, stage.chooseFirst(&numbers))
            if let spare = spareFlights.popLast() {
                flight = spare
                flight.begin(
                    ticket: ticket, stage: place, message: question.message, key: key, questionEnd: question.end,
                    needsStream: needsStream, startedAt: now, deadline: deadline, upstreams: upstreams, first: first,
                    mostAttempts: most)
            } else {
                flight = Flight(
                    ticket: ticket, stage: place, message: question.message, key: key, questionEnd: question.end,
                    needsStream: needsStream, startedAt: now, deadline: deadline, upstreams: upstreams, first: first,
                    mostAttempts: most)
            }
            add(flight)
            flight.retriesTruncated = prefersUDP
            flight.keepsTruncated = exchange.pointee.prefersUDP
            // Two questions with the same key are rare; the second is asked for itself.
            if found == nil { joinable[key] = flight }
            proceed(flight)
            if flight.isOver {
                fail(exchange, .serverFailure, flight.failure)
                return .answered
            }
        }
        flight.clients.append(waiting)
        stage.concurrent += 1
        self.waiting += 1
        if exchange.pointee.deadline < flight.firstClientLeaves {
            flight.firstClientLeaves = exchange.pointee.deadline
            wake(flight, at: exchange.pointee.deadline, now)
        }
        return .later
    }

    /// The ticket of the next flight, which has to be added before another one is asked for.
    func nextTicket() -> UInt64 {
        generation += 1
        return generation << 24 | UInt64(freePlaces.last ?? flights.count)
    }

    /// Adds the flight with the ticket that was given out last.
    func add(_ flight: Flight) {
        let place = freePlaces.popLast() ?? flights.count
        if place == flights.count { flights.append(flight) } else { flights[place] = flight }
        flightsInTheAir += 1
    }

    private func flight(_ ticket: UInt64) -> Flight? {
        let place = Int(ticket & 0xFF_FFFF)
        guard place < flights.count, let flight = flights[place], flight.ticket == ticket else { return nil }
        return flight
    }

    /// Gives up a flight's place and whatever may still come for it.
    func remove(_ flight: Flight) {
        guard !flight.isOver else { return }
        flight.isOver = true
        let place = Int(flight.ticket & 0xFF_FFFF)
        flights[place] = nil
        freePlaces.append(place)
        flightsInTheAir -= 1
        if flight.checked == nil, let place = joinable.index(forKey: flight.key), joinable[place].value === flight {
            joinable.remove(at: place)
        }
        for attempt in flight.outstanding { forget(attempt) }
        flight.outstanding.removeAll(keepingCapacity: true)
        if flight.checked == nil, endedFlights.count < Self.mostSpareFlights { endedFlights.append(flight) }
    }

    /// Makes the memory of flights that are over that of the next ones. At the end of a turn, when nobody looks at them.
    func recycleFlights() {
        for flight in endedFlights where spareFlights.count < Self.mostSpareFlights { spareFlights.append(flight) }
        endedFlights.removeAll(keepingCapacity: true)
    }

    private func fail(_ exchange: UnsafeMutablePointer<Exchange>, _ code: ResponseCode, _ failure: String) {
        exchange.pointee.fail(code)
        let length = min(failure.utf8.count, words.count)
        words.copyBytes(from: failure.utf8.prefix(length))
        exchange.pointee.failure = Exchange.Failure(
            plugin: Exchange.nobody, text: UnsafeRawBufferPointer(rebasing: words[..<length]))
    }

    // MARK: Attempts

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
    private func wake(_ flight: Flight, at time: UInt64, _ now: UInt64) {
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
            // A connection on which an answer is missing is not trusted with more (CoreDNS closes it).
            attempt.channel.isRetired = true
            let isConnecting = (attempt.channel as? StreamChannel).map { !$0.isConnected } ?? false
            let what = isConnecting ? "dial tcp \(attempt.upstream.name)" : "read \(attempt.channel.ends)"
            flight.failure = "\(what): i/o timeout"
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
    private func begin(_ flight: Flight, _ upstream: Upstream, _ now: UInt64) -> Bool {
        let stage = stages[flight.stage]
        let isDown = upstream.isDown(stage.options.maxFails)
        let timeout =
            flight.checked != nil || isDown
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
    func attemptFailed(_ flight: Flight, _ channel: UpstreamChannel, _ identifier: UInt16, _ failure: String) {
        guard !flight.isOver,
            let place = flight.outstanding.firstIndex(where: {
                $0.channel === channel && $0.identifier == identifier
            })
        else { return }
        let attempt = flight.outstanding.remove(at: place)
        flight.failure = failure
        if let stream = channel as? StreamChannel, stream.hasAnswered, flight.freeRetries < StreamChannel.mostOpen + 1 {
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
    private func noteFailure(_ upstream: Upstream, _ flight: Flight) {
        // What could be had over UDP is better than nothing, and at once better than late.
        if flight.truncated != nil { flight.mostAttempts = flight.attempts }
        if flight.checked == nil { check(upstream, stage: flight.stage) }
    }

    // MARK: Answers

    /// Takes a message that has come on a channel from its upstream. Whatever is no answer to the question with its id is passed
    /// over: the real one may still come.
    func received(_ message: UnsafeRawBufferPointer, on channel: UpstreamChannel) {
        guard message.count >= Header.length, let base = message.baseAddress else { return }
        let identifier = Header.field(base, Header.identifierOffset)
        guard let flight = channel.waiting[identifier] else { return }
        guard let response = UpstreamResponse(message, questionEnd: flight.questionEnd),
            flight.checked != nil || Question.isAnswered(flight.message, end: flight.questionEnd, by: message)
        else { return }
        guard
            let place = flight.outstanding.firstIndex(where: {
                $0.channel === channel && $0.identifier == identifier
            })
        else { return }
        let attempt = flight.outstanding.remove(at: place)
        forget(attempt)
        let upstream = attempt.upstream
        (channel as? StreamChannel)?.hasAnswered = true
        let now = loop.now
        upstream.observe(roundTrip: now &- attempt.sentAt)
        recovered(upstream)
        if flight.checked != nil { return checkSucceeded(flight) }
        upstream.metrics.observe(response.code, nanoseconds: now &- attempt.sentAt)
        let stage = stages[flight.stage]
        if response.isTruncated, flight.retriesTruncated, !flight.needsStream, upstream.tls == nil {
            flight.needsStream = true
            if flight.keepsTruncated { flight.truncated = (Array(message), upstream) }
            // The next attempt is at the same upstream, and is no new one.
            if begin(flight, upstream, now) { return proceed(flight) }
        }
        if !stage.options.failoverCodes.isEmpty, stage.options.failoverCodes.contains(response.code) {
            flight.failovers += 1
            if flight.failovers < flight.upstreams.count, now < flight.deadline {
                // What the next one says counts, so that there is always one more attempt.
                flight.mostAttempts = max(flight.mostAttempts, flight.attempts + 1)
                flight.nextAttemptAt = now
                return proceed(flight)
            }
        }
        deliver(response, flight, stage, from: upstream)
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

    private func giveUp(_ flight: Flight) {
        if let (message, upstream) = flight.truncated {
            flight.truncated = nil
            let isDelivered = message.withUnsafeBytes { bytes -> Bool in
                guard let response = UpstreamResponse(bytes, questionEnd: flight.questionEnd) else { return false }
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

    // MARK: Time

    private func armTick() {
        guard tick == nil else { return }
        // Not weak here nor below: objects that weak references are made to are counted in a slower way ever after, and this
        // one is in hand several times for each query. `close` takes the timers back.
        tick = loop.schedule(after: DeadlineWheel.step) { [self] in
            self.tick = nil
            for ticket in self.wheel.takeDue(now: self.loop.now) {
                guard let flight = self.flight(ticket) else { continue }
                flight.wakesAt = nil
                self.proceed(flight)
            }
            if self.flightsInTheAir > 0, self.wheel.count > 0 { self.armTick() }
        }
    }

    /// Between two looks at the files that name the upstreams.
    private static let lookInterval = 5 * Clock.second

    private func lookAgain() {
        look = loop.schedule(after: Self.lookInterval) { [self] in
            guard !isClosed else { return }
            for stage in self.stages { stage.look(self.log, self.metrics) }
            self.lookAgain()
        }
    }

    // MARK: The end

    /// Gives up everything: whoever still waits is not answered, which only an engine may do whose loop turns no more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for timer in [tick, sweep, look] { if let timer { loop.cancel(timer) } }
        for place in flights.indices {
            flights[place]?.clients = []
            flights[place]?.outstanding = []
            flights[place] = nil
        }
        joinable = [:]
        endedFlights = []
        spareFlights = []
        for upstream in stages.flatMap(\.allUpstreams) {
            for channel in upstream.datagrams { close(channel) }
            for channel in upstream.streams { close(channel) }
            for channel in upstream.retired { close(channel) }
        }
    }

    /// Flights that nobody has an answer for yet, health checks among them: for tests.
    var flightCount: Int { flightsInTheAir }
}
