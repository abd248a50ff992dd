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
    private let counted = Mutex<[Key: UInt64]>([:])

    init(server: String, view: String) {
        self.server = server
        self.view = view
    }

    func count(_ key: Key) { counted.withLock { $0[key, default: 0] &+= 1 } }

    /// What has been counted so far.
    fileprivate var counts: [Key: UInt64] { counted.withLock { $0 } }
}

/// The metrics of all `template`s of a process.
final class TemplateMetrics: Sendable {
    private struct State {
        var workers: [ObjectIdentifier: TemplateCounters] = [:]
        /// What was counted by workers that are gone, so that no counter ever goes back.
        var past: [Series: UInt64] = [:]
    }

    private let state = Mutex(State())

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

    /// The counters of a further worker, to be ended with `remove`.
    func makeCounters(server: String, view: String) -> TemplateCounters {
        let counters = TemplateCounters(server: server, view: view)
        state.withLock { $0.workers[ObjectIdentifier(counters)] = counters }
        return counters
    }

    /// Keeps what a worker has counted, and lets go of its counters.
    func remove(_ counters: TemplateCounters) {
        state.withLock { state in
            guard state.workers.removeValue(forKey: ObjectIdentifier(counters)) != nil else { return }
            Self.add(counters, to: &state.past)
        }
    }

    private static func add(_ worker: TemplateCounters, to totals: inout [Series: UInt64]) {
        for (key, count) in worker.counts {
            totals[Series(server: worker.server, view: worker.view, key: key), default: 0] &+= count
        }
    }

    private struct Series: Hashable {
        let server: String
        let view: String
        let key: TemplateCounters.Key
    }

    private func samples(_ family: TemplateCounters.Key.Family) -> [MetricsRegistry.Sample] {
        let totals = state.withLock { state in
            var totals = state.past
            for worker in state.workers.values { Self.add(worker, to: &totals) }
            return totals
        }
        return totals.filter { $0.key.key.family == family }.map { series, count in
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
