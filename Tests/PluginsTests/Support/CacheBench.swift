import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

@testable import Plugins

/// Stands below the cache for forward, hosts and all others: says what the test wants it to, and counts how often it is asked.
final class Source: Sendable {
    struct Answer: Sendable {
        var code = ResponseCode.noError
        var flags: UInt16 = 0
        var answer: [String] = []
        var authority: [String] = []
        var additional: [String] = []
        var isTruncated = false
        var failure: StaticString?
    }

    private struct State {
        var answer = Answer()
        var asked = 0
        var requestFlags: UInt16 = 0
        var waits = false
        var waiting: [Waiting] = []
    }

    /// `@unchecked Sendable`: used on the test's thread only.
    private struct Waiting: @unchecked Sendable {
        let exchange: WaitingExchange
    }

    private let state = Mutex(State())
    let plugin: String

    init(plugin: String = "forward", _ answer: Answer = Answer()) {
        self.plugin = plugin
        state.withLock { $0.answer = answer }
    }

    var answer: Answer {
        get { state.withLock { $0.answer } }
        set { state.withLock { $0.answer = newValue } }
    }

    /// Whether it takes its time, until `answerAll`, where it can.
    var waits: Bool {
        get { state.withLock { $0.waits } }
        set { state.withLock { $0.waits = newValue } }
    }

    /// How often it was asked since the last time.
    func asked() -> Int {
        state.withLock { state in
            defer { state.asked = 0 }
            return state.asked
        }
    }

    /// The flags of the last request.
    var requestFlags: UInt16 { state.withLock { $0.requestFlags } }

    var step: Step {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: { context, exchange in
                Unmanaged<Source>.fromOpaque(context).takeUnretainedValue().down(Step.exchange(exchange)).rawValue
            },
            mayWait: true,
            release: { Unmanaged<Source>.fromOpaque($0).release() })
    }

    private func down(_ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        let waits = state.withLock { state -> Bool in
            state.asked += 1
            state.requestFlags = Header.field(exchange.pointee.writer.base, Header.flagsOffset)
            return state.waits
        }
        if waits {
            guard let waiting = WaitingExchange(exchange) else { return .later }
            state.withLock { $0.waiting.append(Waiting(exchange: waiting)) }
            return .later
        }
        write(exchange)
        return .answered
    }

    /// Answers everything that waits.
    func answerAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting {
            write(one.exchange.exchange)
            one.exchange.resume(.answered)
        }
    }

    private func write(_ exchange: UnsafeMutablePointer<Exchange>) {
        let answer = answer
        exchange.pointee.code = answer.code
        exchange.pointee.flags = answer.flags
        if let failure = answer.failure {
            exchange.pointee.failure = Exchange.Failure(plugin: 0, message: failure)
        }
        let limit = exchange.pointee.writer.limit
        let storage = UnsafeMutableRawBufferPointer(start: exchange.pointee.writer.base, count: limit)
        var buffer = MessageBuffer(storage, position: exchange.pointee.writer.position, limit: limit)
        var compressor = NameCompressor()
        compressor.register(nameAt: Header.length, in: buffer)
        var counts: [UInt16] = []
        for section in [answer.answer, answer.authority, answer.additional] {
            var count: UInt16 = 0
            for text in section {
                guard let record = try? ResourceRecord.parse(text) else { fatalError("not a record: \(text)") }
                guard (try? RecordEncoder.encode(record, into: &buffer, compressor: &compressor)) != nil else { break }
                count += 1
            }
            counts.append(count)
        }
        exchange.pointee.writer.position = buffer.position
        exchange.pointee.writer.answerCount = counts[0]
        exchange.pointee.writer.authorityCount = counts[1]
        exchange.pointee.writer.additionalCount = counts[2]
        exchange.pointee.writer.isTruncated = answer.isTruncated
    }
}

/// A block with a cache over a source, and an event loop for what waits, all on the test's thread.
final class CacheBench {
    let bench = PluginBench()
    let source: Source
    let plugin: CachePlugin
    let loop: EventLoop
    /// The chain of a UDP worker, and the event loop's.
    private(set) var worker: Chain
    private(set) var onLoop: Chain
    private let asked = AskedQueries()

    /// What the cache has asked of its own accord.
    final class AskedQueries: Sendable {
        private let kept = Mutex<[OwnQuery]>([])
        func add(_ query: OwnQuery) { kept.withLock { $0.append(query) } }
        func take() -> [OwnQuery] {
            kept.withLock { kept in
                defer { kept = [] }
                return kept
            }
        }
    }

    init(_ text: String, zone: String = ".", budget: CacheBudget? = nil, source: Source = Source()) throws {
        self.source = source
        let setup = try bench.setup(text, zone: zone)
        let directives = setup.block.directives(named: "cache")
        plugin = try CachePlugin(directives, setup, budget: budget ?? CacheBudget.of(bench.process))
        loop = try EventLoop(clock: bench.process.clock)
        let asked = asked
        func chain(_ loop: EventLoop?, _ plugin: CachePlugin) -> Chain {
            let context = WorkerContext(
                server: "dns://:53", zone: zone, transport: .udp, loop: loop, ask: { asked.add($0) })
            var steps: [(plugin: UInt8, step: Step)] = []
            if let step = plugin.makeStep(context), let number = PluginTable.number(of: "cache") {
                steps.append((number, step))
            }
            steps.append((PluginTable.number(of: source.plugin) ?? 0, source.step))
            return Chain(steps, udpSize: 1232)
        }
        worker = chain(nil, plugin)
        onLoop = chain(loop, plugin)
    }

    func pass(seconds: Double) { bench.clock.advance(nanoseconds: UInt64(seconds * 1e9)) }

    /// Asks as a UDP worker does.
    func ask(_ query: Query = Query()) -> Outcome { bench.ask(worker, query) }

    /// What the cache asks of its own accord now goes down the chain, without an end where the source waits. How many there
    /// were.
    @discardableResult
    func runOwnQueries() -> Int {
        let queries = asked.take()
        for query in queries {
            let waiting = LoopQuery(self, query.request, transport: .tcp) { _ in query.ended() }
            waiting.exchange.pointee.asker = query.asker
            waiting.exchange.pointee.ownQuery = Unmanaged.passUnretained(query.subject).toOpaque()
            waiting.start()
        }
        return queries.count
    }

    /// Asks as the event loop does; the answer is nil as long as there is none.
    func askOnLoop(_ query: Query = Query()) -> LoopQuery {
        let waiting = LoopQuery(self, query.bytes, transport: .udp) { _ in }
        waiting.start()
        return waiting
    }

    func metric(_ name: String) -> [String: Double] {
        let family = bench.process.metrics.all.first { $0.name == "coredns_cache_\(name)" }
        var values: [String: Double] = [:]
        for sample in family?.collect() ?? [] {
            values[sample.labels.first { $0.0 == "type" }?.1 ?? "", default: 0] += sample.value
        }
        return values
    }
}

/// A query on the event loop.
final class LoopQuery {
    let exchange: UnsafeMutablePointer<Exchange>
    private let buffer: UnsafeMutableRawPointer
    private let bench: CacheBench
    private let ended: (LoopQuery) -> Void
    private(set) var outcome: Outcome?

    init(_ bench: CacheBench, _ request: [UInt8], transport: Transport, _ ended: @escaping (LoopQuery) -> Void) {
        self.bench = bench
        self.ended = ended
        buffer = .allocate(byteCount: 65_535, alignment: 8)
        for (place, octet) in request.enumerated() {
            buffer.storeBytes(of: octet, toByteOffset: place, as: UInt8.self)
        }
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: 1)))
        _ = exchange.pointee.take(buffer, length: request.count, capacity: 65_535, transport: transport)
    }

    deinit {
        exchange.pointee.name.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        buffer.deallocate()
    }

    func start() {
        // Given back when it is finished.
        let itself = Unmanaged.passRetained(self)
        exchange.pointee.resumption = WaitingExchange.Resumption(context: itself.toOpaque()) { context, verdict in
            let query = Unmanaged<LoopQuery>.fromOpaque(context).takeUnretainedValue()
            query.bench.onLoop.view.beginBatch(query.bench.bench.process.clock.monotonic())
            query.settle(
                query.bench.onLoop.view.resume(query.exchange, Verdict(rawValue: verdict) ?? .drop))
        }
        let view = bench.onLoop.view
        view.beginBatch(bench.bench.process.clock.monotonic())
        settle(exchange.pointee.ownQuery != nil ? view.answerBelowAsker(exchange) : view.answer(exchange))
    }

    private func settle(_ length: Int) {
        if exchange.pointee.isWaiting { return }
        outcome = Outcome(
            message: Array(UnsafeRawBufferPointer(start: buffer, count: length)), code: exchange.pointee.code,
            rotation: 0)
        ended(self)
        Unmanaged.passUnretained(self).release()
    }
}

extension Outcome {
    /// The records of a section with spaces between their fields.
    func lines(_ section: Int) -> [String] {
        records(section).map { $0.split(separator: "\t").joined(separator: " ") }
    }
}
