import DNSWire
import PluginKit
import Synchronization

/// What `forward` counts, for the whole process: blocks that forward to the same address share its numbers, as in CoreDNS.
final class ForwardMetrics: Sendable {
    private let upstreams = Mutex<[String: UpstreamMetrics]>([:])
    private let brokenChecks = Atomic<UInt64>(0)
    private let rejectedQueries = Atomic<UInt64>(0)

    /// The metrics of a process, exported from the first time they are asked for.
    static func of(_ process: ProcessContext) -> ForwardMetrics {
        process.shared {
            let metrics = ForwardMetrics()
            metrics.register(process.metrics)
            return metrics
        }
    }

    /// Counts a query for which all upstreams were down.
    func countBroken() { brokenChecks.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a query that `max_concurrent` refused.
    func countRejected() { rejectedQueries.wrappingAdd(1, ordering: .relaxed) }

    /// The numbers of the upstream `to`.
    func upstream(_ to: String) -> UpstreamMetrics {
        upstreams.withLock { upstreams in
            if let found = upstreams[to] { return found }
            let made = UpstreamMetrics(to: to)
            upstreams[to] = made
            return made
        }
    }

    private func collect(_ samples: (UpstreamMetrics) -> [MetricsRegistry.Sample]) -> [MetricsRegistry.Sample] {
        upstreams.withLock { $0.values.sorted { $0.to < $1.to } }.flatMap(samples)
    }

    private func register(_ registry: MetricsRegistry) {
        registry.register(
            "coredns_forward_healthcheck_broken_total",
            help: "Counter of the number of complete failures of the healthchecks.", kind: .counter
        ) { [MetricsRegistry.Sample(value: Double(self.brokenChecks.load(ordering: .relaxed)))] }
        registry.register(
            "coredns_forward_max_concurrent_rejects_total",
            help: "Counter of the number of queries rejected because the concurrent queries were at maximum.",
            kind: .counter
        ) { [MetricsRegistry.Sample(value: Double(self.rejectedQueries.load(ordering: .relaxed)))] }
        registry.register(
            "coredns_proxy_request_duration_seconds", help: "Histogram of the time each request took.",
            kind: .histogram
        ) { self.collect { $0.durations() } }
        registry.register(
            "coredns_proxy_healthcheck_failures_total", help: "Counter of the number of failed healthchecks.",
            kind: .counter
        ) { self.collect { $0.checkFailures() } }
        registry.register(
            "coredns_proxy_conn_cache_hits_total",
            help: "Counter of connection cache hits per upstream and protocol.", kind: .counter
        ) { self.collect { $0.connections(reused: true) } }
        registry.register(
            "coredns_proxy_conn_cache_misses_total",
            help: "Counter of connection cache misses per upstream and protocol.", kind: .counter
        ) { self.collect { $0.connections(reused: false) } }
    }
}

/// The numbers of one upstream.
final class UpstreamMetrics: Sendable {
    /// The label: address and port.
    let to: String
    private let state = Mutex(State())

    private let datagramHits = Atomic<UInt64>(0)
    private let datagramMisses = Atomic<UInt64>(0)
    private let streamHits = Atomic<UInt64>(0)
    private let streamMisses = Atomic<UInt64>(0)
    private let secureHits = Atomic<UInt64>(0)
    private let secureMisses = Atomic<UInt64>(0)
    private let httpsHits = Atomic<UInt64>(0)
    private let httpsMisses = Atomic<UInt64>(0)

    private struct State {
        var checkFailures: UInt64 = 0
        /// By code; the usual ones have places of their own.
        var durations = [Durations?](repeating: nil, count: UpstreamMetrics.usualCodes)
        var rareDurations: [UInt16: Durations] = [:]
    }

    private static let usualCodes = 16

    struct Durations {
        var buckets = [UInt64](repeating: 0, count: TimeBuckets.count)
        var seconds = 0.0

        mutating func add(_ place: Int, _ nanoseconds: UInt64) {
            buckets[place] &+= 1
            seconds += Double(nanoseconds) / 1e9
        }
    }

    init(to: String) { self.to = to }

    func countConnection(isStream: Bool, isReused: Bool) {
        switch (isReused, isStream) {
        case (true, false): datagramHits.wrappingAdd(1, ordering: .relaxed)
        case (true, true): streamHits.wrappingAdd(1, ordering: .relaxed)
        case (false, false): datagramMisses.wrappingAdd(1, ordering: .relaxed)
        case (false, true): streamMisses.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// Counts a question over TLS.
    func countSecureConnection(isReused: Bool) {
        if isReused {
            secureHits.wrappingAdd(1, ordering: .relaxed)
        } else {
            secureMisses.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// Counts a question over HTTPS.
    func countHTTPSConnection(isReused: Bool) {
        if isReused {
            httpsHits.wrappingAdd(1, ordering: .relaxed)
        } else {
            httpsMisses.wrappingAdd(1, ordering: .relaxed)
        }
    }

    func countCheckFailure() { state.withLock { $0.checkFailures &+= 1 } }

    /// Counts an answer that took so many nanoseconds.
    func observe(_ code: ResponseCode, nanoseconds: UInt64) {
        let place = TimeBuckets.place(nanoseconds)
        state.withLock { state in
            let number = Int(code.rawValue)
            if number < state.durations.count {
                if state.durations[number] == nil { state.durations[number] = Durations() }
                state.durations[number]?.add(place, nanoseconds)
            } else {
                state.rareDurations[code.rawValue, default: Durations()].add(place, nanoseconds)
            }
        }
    }

    private var labels: [(String, String)] { [("proxy_name", "forward"), ("to", to)] }

    func durations() -> [MetricsRegistry.Sample] {
        let (usual, rare) = state.withLock { ($0.durations, $0.rareDurations) }
        let all =
            usual.enumerated().compactMap { code, durations in durations.map { (code, $0) } }
            + rare.map { (Int($0.key), $0.value) }.sorted { $0.0 < $1.0 }
        return all.flatMap { number, durations in
            let code = ResponseCode(rawValue: UInt16(truncatingIfNeeded: number))
            return MetricsRegistry.Sample.histogram(
                bounds: TimeBuckets.bounds, buckets: durations.buckets, sum: durations.seconds,
                labels: [("proxy_name", "forward"), ("rcode", "\(code)"), ("to", to)])
        }
    }

    func checkFailures() -> [MetricsRegistry.Sample] {
        let failures = state.withLock { $0.checkFailures }
        return failures == 0 ? [] : [MetricsRegistry.Sample(labels: labels, value: Double(failures))]
    }

    func connections(reused: Bool) -> [MetricsRegistry.Sample] {
        let (stream, datagram) =
            reused
            ? (streamHits.load(ordering: .relaxed), datagramHits.load(ordering: .relaxed))
            : (streamMisses.load(ordering: .relaxed), datagramMisses.load(ordering: .relaxed))
        let secure = reused ? secureHits.load(ordering: .relaxed) : secureMisses.load(ordering: .relaxed)
        let https = reused ? httpsHits.load(ordering: .relaxed) : httpsMisses.load(ordering: .relaxed)
        return [("https", https), ("tcp", stream), ("tcp-tls", secure), ("udp", datagram)].filter { $0.1 > 0 }.map {
            kind, count in
            MetricsRegistry.Sample(
                labels: [("proto", kind), ("proxy_name", "forward"), ("to", to)], value: Double(count))
        }
    }
}
