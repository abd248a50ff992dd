import PluginKit
import Synchronization

/// What the self-checks of `health` have found. One for the process: being slow is a matter of the process.
final class HealthMetrics: Sendable {
    /// Upper bounds of the buckets in seconds: CoreDNS's slim time buckets.
    static let bounds = [0.00025, 0.0025, 0.025, 0.25, 2.5]

    private struct State {
        /// One for each bound, and one for what is longer; not cumulative.
        var buckets = [UInt64](repeating: 0, count: HealthMetrics.bounds.count + 1)
        var seconds = 0.0
        var failures: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The metrics of a process, exported from the first time they are asked for.
    static func of(_ process: ProcessContext) -> HealthMetrics {
        process.shared {
            let metrics = HealthMetrics()
            process.metrics.register(
                "coredns_health_request_duration_seconds",
                help: "Histogram of the time (in seconds) each request took.", kind: .histogram
            ) { metrics.durations() }
            process.metrics.register(
                "coredns_health_request_failures_total", help: "The number of times the health check failed.",
                kind: .counter
            ) { [MetricsRegistry.Sample(value: Double(metrics.state.withLock { $0.failures }))] }
            return metrics
        }
    }

    /// Takes the result of a check.
    func observe(seconds: Double, hasFailed: Bool) {
        let place = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.buckets[place] += 1
            state.seconds += seconds
            if hasFailed { state.failures += 1 }
        }
    }

    private func durations() -> [MetricsRegistry.Sample] {
        let (buckets, seconds) = state.withLock { ($0.buckets, $0.seconds) }
        return MetricsRegistry.Sample.histogram(bounds: Self.bounds, buckets: buckets, sum: seconds, labels: [])
    }
}
