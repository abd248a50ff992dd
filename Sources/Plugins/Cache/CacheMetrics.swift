import PluginKit
import Synchronization

/// The metrics `coredns_cache_*` of the whole process.
final class CacheMetrics: Sendable {
    private struct State {
        var counters: [ObjectIdentifier: CacheCounters] = [:]
        /// What was counted by counters that are gone.
        var past: [CacheCounters.Labels: [UInt64]] = [:]
    }

    private let state = Mutex(State())

    /// The metrics of a process, exported from the first time they are asked for.
    static func of(_ process: ProcessContext) -> CacheMetrics {
        process.shared {
            let metrics = CacheMetrics()
            metrics.register(process.metrics)
            return metrics
        }
    }

    private init() {}

    /// Counters for one chain, to be ended with `remove`.
    func makeCounters(_ labels: CacheCounters.Labels, _ store: CacheStore) -> CacheCounters {
        let counters = CacheCounters(labels, store)
        state.withLock { $0.counters[ObjectIdentifier(counters)] = counters }
        return counters
    }

    /// Keeps what the counters have counted, and lets go of them.
    func remove(_ counters: CacheCounters) {
        state.withLock { state in
            guard state.counters.removeValue(forKey: ObjectIdentifier(counters)) != nil else { return }
            Self.add(counters.totals, to: &state.past[counters.labels])
        }
    }

    private static func add(_ numbers: [UInt64], to sums: inout [UInt64]?) {
        guard let before = sums else { return sums = numbers }
        sums = zip(before, numbers).map { $0 &+ $1 }
    }

    private func register(_ metrics: MetricsRegistry) {
        typealias Counted = (type: String?, counts: [CacheCounters.Count])
        let families: [(name: String, help: String, counted: [Counted])] = [
            (
                "requests_total", "The count of cache requests.", [(nil, [.successHits, .denialHits, .misses])]
            ),
            (
                "hits_total", "The count of cache hits.", [("success", [.successHits]), ("denial", [.denialHits])]
            ),
            (
                "misses_total",
                "The count of cache misses. Deprecated, derive misses from cache hits/requests counters.",
                [(nil, [.misses])]
            ),
            (
                "prefetch_total", "The number of times the cache has prefetched a cached item.",
                [(nil, [.prefetches])]
            ),
            (
                "drops_total", "The number responses that are not cached, because the reply is malformed.",
                [(nil, [.drops])]
            ),
            (
                "served_stale_total", "The number of requests served from stale cache entries.",
                [(nil, [.servedStale])]
            ),
            (
                "evictions_total", "The count of cache evictions.",
                [("success", [.successEvictions]), ("denial", [.denialEvictions])]
            ),
        ]
        for family in families {
            metrics.register("coredns_cache_\(family.name)", help: family.help, kind: .counter) { [weak self] in
                guard let self else { return [] }
                return self.totals().flatMap { labels, numbers in
                    family.counted.compactMap { type, counts in
                        let sum = counts.reduce(0) { $0 &+ numbers[$1.rawValue] }
                        return sum == 0 ? nil : Self.sample(labels, type, Double(sum))
                    }
                }
            }
        }
        metrics.register("coredns_cache_entries", help: "The number of elements in the cache.", kind: .gauge) {
            [weak self] in self?.entries() ?? []
        }
    }

    private func totals() -> [(CacheCounters.Labels, [UInt64])] {
        let sums = state.withLock { state in
            var sums = state.past
            for counters in state.counters.values { Self.add(counters.totals, to: &sums[counters.labels]) }
            return sums
        }
        return sums.sorted { $0.key.order < $1.key.order }
    }

    private func entries() -> [MetricsRegistry.Sample] {
        let stores = state.withLock { state in
            Dictionary(state.counters.values.map { ($0.labels, $0.store) }, uniquingKeysWith: { first, _ in first })
        }
        return stores.sorted { $0.key.order < $1.key.order }.flatMap {
            labels, store in
            [
                Self.sample(labels, "success", Double(store.count(.success))),
                Self.sample(labels, "denial", Double(store.count(.denial))),
            ]
        }
    }

    private static func sample(
        _ labels: CacheCounters.Labels, _ type: String?, _ value: Double
    ) -> MetricsRegistry.Sample {
        var names = [("server", labels.server)]
        if let type { names.append(("type", type)) }
        names += [("zones", labels.zones), ("view", labels.view)]
        return MetricsRegistry.Sample(labels: names, value: value)
    }
}

extension CacheCounters.Labels {
    /// In which order samples are listed.
    fileprivate var order: (String, String, String) { (server, zones, view) }
}
