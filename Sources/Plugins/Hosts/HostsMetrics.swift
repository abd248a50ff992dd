import PluginKit
import Synchronization

/// What is exported of hosts files. One for the process, as the metrics name files.
final class HostsMetrics: Sendable {
    private struct State {
        var entries: [String: Int] = [:]
        var modified = 0.0
    }

    private let state = Mutex(State())

    /// The metrics of a process, exported from the first time they are asked for.
    static func of(_ process: ProcessContext) -> HostsMetrics {
        process.shared {
            let metrics = HostsMetrics()
            process.metrics.register(
                "coredns_hosts_entries", help: "The combined number of entries in hosts and Corefile.", kind: .gauge
            ) {
                metrics.state.withLock { state in
                    state.entries.sorted { $0.key < $1.key }.map { path, count in
                        MetricsRegistry.Sample(labels: [("hostsfile", path)], value: Double(count))
                    }
                }
            }
            process.metrics.register(
                "coredns_hosts_reload_timestamp_seconds", help: "The timestamp of the last reload of hosts file.",
                kind: .gauge
            ) { [MetricsRegistry.Sample(value: metrics.state.withLock { $0.modified })] }
            return metrics
        }
    }

    /// Notes that the entries of the file at `path` and of the Corefile are `count` in all.
    func set(_ path: String, count: Int) {
        state.withLock { $0.entries[path] = count }
    }

    /// Notes the version of a file that was read last: when it was changed, in nanoseconds since 1970.
    func setModified(_ nanoseconds: Int64) {
        state.withLock { $0.modified = Double(nanoseconds) / 1e9 }
    }
}
