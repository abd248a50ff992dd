import PluginKit

/// CoreDNS's counters of what `acl` did.
final class AccessControlMetrics: Sendable {
    let allowed: CounterFamily
    /// By the raw value of the action; `allowed` has no zone and stands first.
    private let others: [CounterFamily]

    static func of(_ process: ProcessContext) -> AccessControlMetrics {
        process.shared { AccessControlMetrics(process.metrics) }
    }

    private init(_ metrics: MetricsRegistry) {
        allowed = CounterFamily(
            metrics, "coredns_acl_allowed_requests_total", help: "Counter of DNS requests being allowed.",
            labels: ["server", "view"])
        others = ["blocked", "filtered", "dropped"].map { what in
            CounterFamily(
                metrics, "coredns_acl_\(what)_requests_total", help: "Counter of DNS requests being \(what).",
                labels: ["server", "zone", "view"])
        }
    }

    /// The number of counters for each zone.
    static var perZone: Int { 3 }

    /// Counters for one worker: first what was allowed, then for each zone what was blocked, filtered and dropped.
    func makeCounters(_ worker: WorkerContext, zones: [String]) -> WorkerCounters {
        var entries: [(family: CounterFamily, labels: [String])] = [(allowed, [worker.server, worker.view])]
        for zone in zones {
            for family in others { entries.append((family, [worker.server, zone, worker.view])) }
        }
        return WorkerCounters(entries)
    }
}
