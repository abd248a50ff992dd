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

    /// Most different sets of labels of a worker. Clients choose the type, and with `forward` the class: what comes beyond is
    /// counted as "other".
    static let mostSeries = 512

    let server: String
    /// The name of the block's view; "" without one.
    let view: String
    private let counts = Mutex<[Key: UInt64]>([:])

    init(server: String, view: String) {
        self.server = server
        self.view = view
    }

    func count(_ key: Key) {
        counts.withLock { counts in
            var key = key
            if counts.count >= Self.mostSeries, counts[key] == nil {
                key.recordClass = "other"
                key.type = "other"
            }
            counts[key, default: 0] &+= 1
        }
    }

    fileprivate var all: [Key: UInt64] { counts.withLock { $0 } }
}

/// The metrics of all `template`s of a process.
final class TemplateMetrics: Sendable {
    private struct State {
        var workers: [TemplateCounters] = []
        /// What workers have counted that are gone: with each reload there are new ones.
        var ended: [Series: UInt64] = [:]
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

    /// The counters of a further worker.
    func makeCounters(server: String, view: String) -> TemplateCounters {
        let counters = TemplateCounters(server: server, view: view)
        state.withLock { $0.workers.append(counters) }
        return counters
    }

    /// Ends the counting of a worker: its numbers are kept.
    func giveBack(_ counters: TemplateCounters) {
        state.withLock { state in
            guard let place = state.workers.firstIndex(where: { $0 === counters }) else { return }
            state.workers.remove(at: place)
            Self.add(counters, to: &state.ended)
        }
    }

    private static func add(_ counters: TemplateCounters, to totals: inout [Series: UInt64]) {
        for (key, count) in counters.all {
            var series = Series(server: counters.server, view: counters.view, key: key)
            if totals.count >= TemplateCounters.mostSeries, totals[series] == nil {
                series.key.recordClass = "other"
                series.key.type = "other"
            }
            totals[series, default: 0] &+= count
        }
    }

    private struct Series: Hashable {
        let server: String
        let view: String
        var key: TemplateCounters.Key
    }

    private func samples(_ family: TemplateCounters.Key.Family) -> [MetricsRegistry.Sample] {
        let totals = state.withLock { state in
            var totals = state.ended
            for worker in state.workers { Self.add(worker, to: &totals) }
            return totals.filter { $0.key.key.family == family }
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
