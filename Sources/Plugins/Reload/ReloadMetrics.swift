import PluginKit
import Synchronization

/// The metrics of reloads, exported by every process, whether or not it has `reload`: a reload can be asked for by a signal.
package final class ReloadMetrics: Sendable {
    private struct State {
        var failures: UInt64 = 0
        var hash: String?
    }

    private let state = Mutex(State())

    /// The metrics of a process, exported from the first time they are asked for.
    package static func of(_ process: ProcessContext) -> ReloadMetrics {
        process.shared {
            let metrics = ReloadMetrics()
            process.metrics.register(
                "coredns_reload_failed_total", help: "Counter of the number of failed reload attempts.", kind: .counter
            ) { [MetricsRegistry.Sample(value: Double(metrics.state.withLock { $0.failures }))] }
            process.metrics.register(
                "coredns_reload_version_info",
                help:
                    "A metric with a constant '1' value labeled by hash, and value which type of hash generated.",
                kind: .gauge
            ) {
                metrics.state.withLock { $0.hash }.map {
                    [MetricsRegistry.Sample(labels: [("hash", "sha512"), ("value", $0)], value: 1)]
                } ?? []
            }
            return metrics
        }
    }

    /// Counts a reload that came to nothing.
    package func countFailure() { state.withLock { $0.failures &+= 1 } }

    /// Says which configuration runs: the SHA-512 of its files in hexadecimal digits.
    package func setRunning(_ hash: String) { state.withLock { $0.hash = hash } }

    /// Reloads that came to nothing, so far.
    package var failures: UInt64 { state.withLock { $0.failures } }
    /// The configuration that runs; nil where nobody has said it.
    package var running: String? { state.withLock { $0.hash } }
}
