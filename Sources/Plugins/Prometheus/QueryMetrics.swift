import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// The metrics about queries of the whole process: knows the counters of every chain, and keeps what chains that are gone had
/// counted, so that no counter ever goes back.
package final class QueryMetrics: Sendable {
    private struct State {
        var counters: [ObjectIdentifier: QueryCounters] = [:]
        /// What was counted by counters that are gone.
        var past: [QueryCounters.Labels: QueryTotals] = [:]
        /// Server, zone and names.
        var enabled: [EnabledPlugin] = []
        var build: (version: String, revision: String)?
    }

    private struct EnabledPlugin: Hashable {
        let server: String
        let zone: String
        let view: String
        let name: String
    }

    private let state = Mutex(State())

    /// The metrics of a process, exported from the first time they are asked for.
    package static func of(_ process: ProcessContext) -> QueryMetrics {
        process.shared {
            let metrics = QueryMetrics()
            metrics.register(process.metrics)
            ProcessMetrics.register(process.metrics)
            return metrics
        }
    }

    private init() {}

    /// Says which program this is, for `coredns_build_info`.
    package func setBuild(version: String, revision: String) {
        state.withLock { $0.build = (version, revision) }
    }

    /// The program's version; "" where nobody has said it.
    var buildVersion: String { state.withLock { $0.build?.version ?? "" } }

    /// Says which plugins a zone of a server has, for `coredns_plugin_enabled`. CoreDNS names those that have a part in the
    /// chain only.
    package func setEnabled(server: String, zone: String, view: String = "", plugins: [String]) {
        state.withLock { state in
            for name in plugins {
                let entry = EnabledPlugin(server: server, zone: zone, view: view, name: name)
                if !state.enabled.contains(entry) { state.enabled.append(entry) }
            }
        }
    }

    /// Forgets which plugins are enabled: before a new configuration says it anew.
    package func clearEnabled() {
        state.withLock { $0.enabled = [] }
    }

    /// Counters for one chain, or for what does not enter one; to be ended with `giveBack`.
    func makeCounters(_ labels: QueryCounters.Labels) -> QueryCounters {
        let counters = QueryCounters(labels, self)
        state.withLock { $0.counters[ObjectIdentifier(counters)] = counters }
        return counters
    }

    /// Keeps what the counters have counted, and lets go of them.
    func remove(_ counters: QueryCounters) {
        state.withLock { state in
            guard state.counters.removeValue(forKey: ObjectIdentifier(counters)) != nil else { return }
            state.past[counters.labels, default: QueryTotals()].add(counters.totals())
        }
    }

    /// All numbers by their labels, in the order of the labels.
    private func totals() -> [(labels: QueryCounters.Labels, totals: QueryTotals)] {
        let sums = state.withLock { state in
            var sums = state.past
            for counters in state.counters.values {
                sums[counters.labels, default: QueryTotals()].add(counters.totals())
            }
            return sums
        }
        return sums.map { ($0.key, $0.value) }
    }

    private func register(_ metrics: MetricsRegistry) {
        metrics.register(
            "coredns_build_info",
            help:
                "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was "
                + "built.", kind: .gauge
        ) { [weak self] in self?.build() ?? [] }
        metrics.register(
            "coredns_panics_total", help: "A metrics that counts the number of panics.", kind: .counter
        ) { [MetricsRegistry.Sample(value: 0)] }
        metrics.register(
            "coredns_plugin_enabled",
            help: "A metric that indicates whether a plugin is enabled on per server and zone basis.", kind: .gauge
        ) { [weak self] in self?.enabled() ?? [] }
        add(
            metrics, "requests_total", "Counter of DNS requests made per zone, protocol and family.", .counter,
            Self.requests)
        add(
            metrics, "do_requests_total", "Counter of DNS requests with DO bit set per zone.", .counter
        ) { labels, totals in
            let count = totals.words[QueryCounters.Layout.dnssecOK]
            return count == 0 ? [] : [MetricsRegistry.Sample(labels: Self.zone(labels), value: Double(count))]
        }
        add(
            metrics, "request_size_bytes", "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
            .histogram
        ) { Self.sizes($0, $1, QueryCounters.Layout.requestSizes) }
        add(metrics, "response_size_bytes", "Size of the returned response in bytes.", .histogram) {
            Self.sizes($0, $1, QueryCounters.Layout.responseSizes)
        }
        add(
            metrics, "request_duration_seconds", "Histogram of the time (in seconds) each request took per zone.",
            .histogram, Self.durations)
        add(metrics, "responses_total", "Counter of response status codes.", .counter, Self.responses)
    }

    private func add(
        _ metrics: MetricsRegistry, _ name: String, _ help: String, _ kind: MetricsRegistry.Kind,
        _ samples: @escaping @Sendable (QueryCounters.Labels, QueryTotals) -> [MetricsRegistry.Sample]
    ) {
        metrics.register("coredns_dns_\(name)", help: help, kind: kind) { [weak self] in
            self?.totals().flatMap { samples($0.labels, $0.totals) } ?? []
        }
    }

    private func build() -> [MetricsRegistry.Sample] {
        guard let build = state.withLock({ $0.build }) else { return [] }
        return [
            MetricsRegistry.Sample(
                labels: [("version", build.version), ("revision", build.revision), ("goversion", Self.language)],
                value: 1)
        ]
    }

    /// What stands where CoreDNS has the version of Go.
    private static let language = "swift"

    private func enabled() -> [MetricsRegistry.Sample] {
        state.withLock { $0.enabled }.map {
            MetricsRegistry.Sample(
                labels: [("server", $0.server), ("zone", $0.zone), ("view", $0.view), ("name", $0.name)], value: 1)
        }
    }

    private static func zone(_ labels: QueryCounters.Labels) -> [(String, String)] {
        [("server", labels.server), ("zone", labels.zone), ("view", labels.view)]
    }

    private static func requests(
        _ labels: QueryCounters.Labels, _ totals: QueryTotals
    ) -> [MetricsRegistry.Sample] {
        var samples: [MetricsRegistry.Sample] = []
        for type in 0..<QueryTypes.count {
            for family in 0...1 {
                let count = totals.words[QueryCounters.Layout.requests + type * 2 + family]
                if count == 0 { continue }
                samples.append(
                    MetricsRegistry.Sample(
                        labels: zone(labels) + [
                            ("proto", labels.transport.name), ("family", family == 0 ? "1" : "2"),
                            ("type", QueryTypes.label(type)),
                        ], value: Double(count)))
            }
        }
        return samples
    }

    private static func sizes(
        _ labels: QueryCounters.Labels, _ totals: QueryTotals, _ first: Int
    ) -> [MetricsRegistry.Sample] {
        let buckets = Array(totals.words[first..<(first + SizeBuckets.count)])
        guard buckets.contains(where: { $0 > 0 }) else { return [] }
        return MetricsRegistry.Sample.histogram(
            bounds: SizeBuckets.bounds, buckets: buckets, sum: Double(totals.words[first + SizeBuckets.count]),
            labels: zone(labels) + [("proto", labels.transport.name)])
    }

    private static func durations(
        _ labels: QueryCounters.Labels, _ totals: QueryTotals
    ) -> [MetricsRegistry.Sample] {
        let first = QueryCounters.Layout.durations
        let buckets = Array(totals.words[first..<(first + TimeBuckets.count)])
        guard buckets.contains(where: { $0 > 0 }) else { return [] }
        return MetricsRegistry.Sample.histogram(
            bounds: TimeBuckets.bounds, buckets: buckets,
            sum: Double(totals.words[QueryCounters.Layout.durationSum]) / Double(Clock.second), labels: zone(labels))
    }

    private static func responses(
        _ labels: QueryCounters.Labels, _ totals: QueryTotals
    ) -> [MetricsRegistry.Sample] {
        totals.responses.map { key, count in
            let isOverflow = key == QueryCounters.overflowKey
            let code = ResponseCode(rawValue: UInt16(truncatingIfNeeded: key))
            let plugin = isOverflow ? "" : PluginTable.name(of: UInt8(truncatingIfNeeded: key >> 16))
            return MetricsRegistry.Sample(
                labels: zone(labels) + [("rcode", isOverflow ? "other" : code.description), ("plugin", plugin)],
                value: Double(count))
        }
    }
}
