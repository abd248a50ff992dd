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
    /// How long an upstream that is down is given to answer after all: as long as a health check. The same for an answer over TCP
    /// that would be better than the truncated one at hand.
    static let patienceWithTheDown = Clock.second
    /// Between two rounds over all upstreams where `max_connect_attempts` is 0 and they fail at once.
    static let pauseBetweenRounds = 250 * Clock.millisecond
    /// Room for any answer: that of a frame and its length.
    static let longestMessage = 65_535 + 2

    let loop: EventLoop
    let log: Log
    let metrics: ForwardMetrics
    let stages: [EngineStage]
    let matchers: ForwardMatchers
    /// Where answers arrive.
    let input: UnsafeMutableRawBufferPointer
    /// Where datagrams arrive, several at a time, and how long they are.
    let answers: UnsafeMutableRawBufferPointer
    let answerLengths: UnsafeMutableBufferPointer<UInt32>
    // `@exclusivity(unchecked)` here and below: the engine belongs to one thread, and each of these is changed in statements that
    // call nobody who could come back to it. The checks cost more than what they watch.
    /// Channels with questions that are sent at the end of the turn.
    @exclusivity(unchecked) var postedChannels: [DatagramChannel] = []
    /// Memory for such questions.
    @exclusivity(unchecked) var spareOutgoing: [OutgoingDatagrams] = []
    /// Where questions are put together.
    let output: UnsafeMutableRawBufferPointer
    @exclusivity(unchecked) var numbers = UnguessableNumbers()
    /// The flights, and those of them that others may join.
    @exclusivity(unchecked) var flights = FlightPool()
    @exclusivity(unchecked) private var joinable = JoinableFlights()
    /// Whether something is to be done at the end of this turn.
    private var hasEnding = false
    /// Makes the keys of messages this engine's own, so that nobody can choose messages with the same.
    private let seed = UInt64.random(in: .min ... .max)
    @exclusivity(unchecked) var wheel: DeadlineWheel
    private var tick: TimerID?
    var sweep: TimerID?
    private var look: TimerID?
    /// Exchanges that wait.
    var waiting = 0
    private(set) var isClosed = false
    /// The words of a failure, for as long as an exchange is led on.
    private let words: UnsafeMutableRawBufferPointer

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
        let now = loop.now
        // Put together where it would stay: in the memory of the flight that begins next.
        var flight = flights.next()
        flight.question.take(exchange, stage: place, needsStream: needsStream, retriesTruncated: prefersUDP)
        let key = flight.question.key(seed: seed)
        let found = joinable[key]
        if let found, let other = flights[found], other.question.message == flight.question.message {
            flight = other
        } else {
            let upstreams = stage.upstreams
            flight.begin(
                ticket: flights.take(), stage: place, key: key, needsStream: needsStream, startedAt: now,
                deadline: now + Self.longestQuery, upstreams: upstreams, first: stage.chooseFirst(&numbers),
                mostAttempts: stage.options.maxAttempts.map { $0 == 0 ? Int.max : $0 } ?? 2 * upstreams.count)
            flight.retriesTruncated = prefersUDP
            flight.keepsTruncated = exchange.pointee.prefersUDP
            // Two questions with the same key are rare; the second is asked for itself.
            if found == nil { joinable.add(key, flight.place) }
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

    /// Gives up a flight's place and whatever may still come for it.
    func remove(_ flight: Flight) {
        guard !flight.isOver else { return }
        flight.isOver = true
        flights.end(flight)
        if flight.checked == nil { joinable.remove(flight.key, flight.place) }
        for attempt in flight.outstanding { forget(attempt) }
        flight.outstanding.removeAll(keepingCapacity: true)
        endTurn()
    }

    /// Has what this turn has left be done at its end: questions sent, and the memory of flights that are over made that of the
    /// next ones, as nobody looks at them then.
    func endTurn() {
        guard !hasEnding else { return }
        hasEnding = true
        loop.atEndOfTurn { [self] in
            hasEnding = false
            sendPosted()
            flights.recycle()
        }
    }

    func fail(_ exchange: UnsafeMutablePointer<Exchange>, _ code: ResponseCode, _ failure: String) {
        exchange.pointee.fail(code)
        let length = min(failure.utf8.count, words.count)
        words.copyBytes(from: failure.utf8.prefix(length))
        exchange.pointee.failure = Exchange.Failure(
            plugin: Exchange.nobody, text: UnsafeRawBufferPointer(rebasing: words[..<length]))
    }

    // MARK: Time

    func armTick() {
        guard tick == nil else { return }
        // Not weak here nor below: objects that weak references are made to are counted in a slower way ever after, and this
        // one is in hand several times for each query. `close` takes the timers back.
        tick = loop.schedule(after: DeadlineWheel.step) { [self] in
            self.tick = nil
            for ticket in self.wheel.takeDue(now: self.loop.now) {
                guard let flight = self.flights.find(ticket) else { continue }
                flight.wakesAt = nil
                self.proceed(flight)
            }
            if self.flights.count > 0, self.wheel.count > 0 { self.armTick() }
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
        for flight in flights.removeAll() {
            flight.isOver = true
            flight.clients = []
            flight.outstanding = []
        }
        joinable = JoinableFlights()
        for upstream in stages.flatMap(\.allUpstreams) {
            for channel in upstream.datagrams { close(channel) }
            for channel in upstream.streams { close(channel) }
            if let channel = upstream.httpsChannel { close(channel) }
            for channel in upstream.retired { close(channel) }
        }
    }

    /// Flights that nobody has an answer for yet, health checks among them: for tests.
    var flightCount: Int { flights.count }
}
