import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// What one chain of one worker has counted: raw memory that this worker alone writes, and a scrape reads. Every number is an
/// atomic written without a lock prefix (a load and a store), as there is only one writer.
///
/// `@unchecked Sendable`: the first part of the memory belongs to the worker, the rest are atomics.
final class QueryCounters: @unchecked Sendable {
    /// What the numbers are about.
    struct Labels: Hashable, Sendable {
        let server: String
        let zone: String
        let transport: Transport
        /// The block's view; "" without one.
        var view = ""
    }

    /// Where in the memory what is counted. The numbers are places of 64-bit words.
    enum Layout {
        /// Bytes before the first word: two cache lines, for what only the worker uses.
        static var head: Int { 128 }

        /// One word for each query type and address family.
        static var requests: Int { 0 }
        static var dnssecOK: Int { requests &+ QueryTypes.count &* 2 }
        static var requestSizes: Int { dnssecOK &+ 1 }
        static var requestSizeSum: Int { requestSizes &+ SizeBuckets.count }
        static var responseSizes: Int { requestSizeSum &+ 1 }
        static var responseSizeSum: Int { responseSizes &+ SizeBuckets.count }
        static var durations: Int { responseSizeSum &+ 1 }
        /// In nanoseconds.
        static var durationSum: Int { durations &+ TimeBuckets.count }
        /// Pairs of a key and a count; a key of 0 ends them.
        static var responses: Int { durationSum &+ 1 }
        static var words: Int { responses &+ responseSlots &* 2 }

        /// How many combinations of response code and plugin are told apart; a block's plugins give a handful. What comes
        /// after is counted under `overflowKey`.
        static var responseSlots: Int { 48 }
    }

    /// What the worker keeps for itself.
    private struct Head {
        /// Queries whose duration is not counted yet.
        var pending: UInt64
        /// When the last of them was taken up.
        var startedAt: UInt64
        let owner: Unmanaged<QueryCounters>
    }

    let labels: Labels
    /// Takes over what was counted when the counters are given up.
    private let metrics: QueryMetrics
    private let memory: UnsafeMutableRawPointer

    init(_ labels: Labels, _ metrics: QueryMetrics) {
        self.labels = labels
        self.metrics = metrics
        // 128: x86-64 fetches cache lines in pairs.
        memory = .allocate(byteCount: Layout.head + Layout.words * 8, alignment: 128)
        let words = Self.words(memory)
        for place in 0..<Layout.words { (words + place).initialize(to: Atomic(0)) }
        memory.bindMemory(to: Head.self, capacity: 1).initialize(
            to: Head(pending: 0, startedAt: 0, owner: .passUnretained(self)))
    }

    deinit { memory.deallocate() }

    /// Ends the counting: the metrics keep the numbers. The context must not be used afterwards.
    func giveBack() { metrics.remove(self) }

    /// What a worker counts through; valid until `giveBack`.
    var context: UnsafeMutableRawPointer { memory }

    /// The counters behind a context.
    static func owner(_ context: UnsafeMutableRawPointer) -> QueryCounters {
        // SAFETY: a context is the memory of counters that are still kept.
        context.assumingMemoryBound(to: Head.self).pointee.owner.takeUnretainedValue()
    }

    @inline(__always)
    private static func words(_ context: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<UInt64>> {
        // SAFETY: the words begin behind the head, and are initialised by `init`.
        (context + Layout.head).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inline(__always)
    private static func add(_ words: UnsafeMutablePointer<Atomic<UInt64>>, _ place: Int, _ amount: UInt64) {
        let value = words[place].load(ordering: .relaxed)
        words[place].store(value &+ amount, ordering: .relaxed)
    }

    /// Stands for every response that has no slot.
    static var overflowKey: UInt64 { .max }

    /// Counts an answered query. Only the worker that the context belongs to may call it. Allocates nothing.
    static func count(_ context: UnsafeMutableRawPointer, _ exchange: UnsafeMutablePointer<Exchange>) {
        // SAFETY: see `owner` and `words`; every place is below `Layout.words`.
        let head = context.assumingMemoryBound(to: Head.self)
        head.pointee.pending &+= 1
        head.pointee.startedAt = exchange.pointee.startedAt
        let words = words(context)
        let type = QueryTypes.place(exchange.pointee.request.type)
        // A switch, as == of another module's type is a call through its witness table; so below and in the other steps.
        let family =
            switch exchange.pointee.client.family {
            case .ipv4: 0
            case .ipv6: 1
            }
        add(words, Layout.requests &+ type &* 2 &+ family, 1)
        if exchange.pointee.request.dnssecOK { add(words, Layout.dnssecOK, 1) }
        let requestLength = exchange.pointee.requestLength
        add(words, Layout.requestSizes &+ SizeBuckets.place(requestLength), 1)
        add(words, Layout.requestSizeSum, UInt64(truncatingIfNeeded: requestLength))
        let responseLength = exchange.pointee.responseLength
        add(words, Layout.responseSizes &+ SizeBuckets.place(responseLength), 1)
        add(words, Layout.responseSizeSum, UInt64(truncatingIfNeeded: responseLength))
        countResponse(words, exchange.pointee.code, exchange.pointee.answeredBy)
    }

    @inline(__always)
    private static func countResponse(
        _ words: UnsafeMutablePointer<Atomic<UInt64>>, _ code: ResponseCode, _ plugin: UInt8
    ) {
        let key = 1 << 32 | UInt64(plugin) << 16 | UInt64(code.rawValue)
        var place = Layout.responses
        let last = Layout.words &- 2
        while place < last {
            let found = words[place].load(ordering: .relaxed)
            if found == key { return add(words, place &+ 1, 1) }
            if found == 0 {
                // The count comes first, so that whoever sees the key sees it too.
                words[place &+ 1].store(1, ordering: .relaxed)
                words[place].store(key, ordering: .releasing)
                return
            }
            place &+= 2
        }
        add(words, last &+ 1, 1)
        words[last].store(overflowKey, ordering: .releasing)
    }

    /// Counts the durations of the queries since the last call, which all have ended at `now`: they came in one batch.
    static func endBatch(_ context: UnsafeMutableRawPointer, _ now: UInt64) {
        // SAFETY: see `count`.
        let head = context.assumingMemoryBound(to: Head.self)
        let pending = head.pointee.pending
        if pending == 0 { return }
        head.pointee.pending = 0
        let startedAt = head.pointee.startedAt
        let took = now > startedAt ? now &- startedAt : 0
        let words = words(context)
        add(words, Layout.durations &+ TimeBuckets.place(took), pending)
        add(words, Layout.durationSum, took &* pending)
    }

    /// The numbers as they stand. Any thread may call it.
    func totals() -> QueryTotals {
        var totals = QueryTotals()
        let words = Self.words(memory)
        for place in 0..<Layout.responses { totals.words[place] = words[place].load(ordering: .relaxed) }
        var place = Layout.responses
        while place < Layout.words {
            let key = words[place].load(ordering: .acquiring)
            if key != 0 { totals.responses[key, default: 0] += words[place + 1].load(ordering: .relaxed) }
            place += 2
        }
        return totals
    }
}

/// Numbers of `QueryCounters`, added up.
struct QueryTotals {
    /// The words before the responses.
    var words = [UInt64](repeating: 0, count: QueryCounters.Layout.responses)
    /// Counts by key.
    var responses: [UInt64: UInt64] = [:]

    mutating func add(_ other: QueryTotals) {
        for place in words.indices { words[place] &+= other.words[place] }
        responses.merge(other.responses, uniquingKeysWith: &+)
    }
}
