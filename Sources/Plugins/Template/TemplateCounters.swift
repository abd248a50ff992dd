import PluginKit
import Synchronization

/// Counts for the metrics of `template`: one worker's, so that nobody waits for the lock but for a scrape.
final class TemplateCounters: Sendable {
    /// What is counted, with the labels of its family.
    struct Key: Hashable, Sendable {
        enum Family: Sendable {
            case matches
            case templateFailures
            case recordFailures
        }
        var family = Family.matches
        var zone: String
        var recordClass: String
        var type: String
        var section = ""
        var template = ""
    }

    let server: String
    /// The name of the block's view; "" without one.
    let view: String
    private let counts = Mutex<[Key: UInt64]>([:])

    init(server: String, view: String) {
        self.server = server
        self.view = view
    }

    func count(_ key: Key) { counts.withLock { $0[key, default: 0] &+= 1 } }

    func counts(of family: Key.Family) -> [(key: Key, count: UInt64)] {
        counts.withLock { counts in counts.filter { $0.key.family == family }.map { ($0.key, $0.value) } }
    }
}

/// The metrics of all `template`s of a process.
final class TemplateMetrics: Sendable {
    private let workers = Mutex<[TemplateCounters]>([])

    init(_ registry: MetricsRegistry) {
        let families: [(name: String, help: String, family: TemplateCounters.Key.Family)] = [
            ("matches_total", "Counter of template regex matches.", .matches),
            ("template_failures_total", "Counter of go template failures.", .templateFailures),
            ("rr_failures_total", "Counter of mis-templated RRs.", .recordFailures),
        ]
        for (name, help, family) in families {
            registry.register("coredns_template_\(name)", help: help, kind: .counter) { [weak self] in
                self?.samples(family) ?? []
            }
        }
    }

    /// The counters of a further worker.
    func makeCounters(server: String, view: String) -> TemplateCounters {
        let counters = TemplateCounters(server: server, view: view)
        workers.withLock { $0.append(counters) }
        return counters
    }

    private struct Series: Hashable {
        let server: String
        let view: String
        let key: TemplateCounters.Key
    }

    private func samples(_ family: TemplateCounters.Key.Family) -> [MetricsRegistry.Sample] {
        var totals: [Series: UInt64] = [:]
        for worker in workers.withLock({ $0 }) {
            for (key, count) in worker.counts(of: family) {
                totals[Series(server: worker.server, view: worker.view, key: key), default: 0] &+= count
            }
        }
        return totals.map { series, count in
            let key = series.key
            var labels = [
                ("server", series.server), ("zone", key.zone), ("view", series.view), ("class", key.recordClass),
                ("type", key.type),
            ]
            if family != .matches { labels += [("section", key.section), ("template", key.template)] }
            return MetricsRegistry.Sample(labels: labels, value: Double(count))
        }
    }
}
