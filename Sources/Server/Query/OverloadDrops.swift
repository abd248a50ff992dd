import PluginKit
import Synchronization

/// Counts the queries that were dropped because the event loop was too far behind to take them over (`HandOver`), for all
/// configurations of the process, and says so in the log.
final class OverloadDrops: Sendable {
    private struct Count {
        var queries: UInt64 = 0
        /// The number at which the next line is written.
        var reportAt: UInt64 = 1
    }

    private let log: Log
    /// By server, as metrics name it.
    private let counts = Mutex<[String: Count]>([:])

    static func of(_ process: ProcessContext) -> OverloadDrops {
        process.shared { OverloadDrops(process.log, process.metrics) }
    }

    private init(_ log: Log, _ metrics: MetricsRegistry) {
        self.log = log
        metrics.register(
            "apodns_overload_dropped_queries_total",
            help: "Counter of UDP queries dropped because too many waited for the event loop.", kind: .counter
        ) { [weak self] in
            guard let self else { return [] }
            return counts.withLock { $0 }.sorted { $0.key < $1.key }.map {
                MetricsRegistry.Sample(labels: [("server", $0.key)], value: Double($0.value.queries))
            }
        }
    }

    /// Has a server's number exported from now on.
    func show(_ server: String) { counts.withLock { $0[server, default: Count()].queries &+= 0 } }

    /// Counts queries of a server; writes a line for the first, and whenever their number has doubled.
    func count(_ queries: Int, server: String) {
        let reported = counts.withLock { counts -> UInt64? in
            var count = counts[server, default: Count()]
            count.queries &+= UInt64(queries)
            let reported = count.queries >= count.reportAt ? count.queries : nil
            if reported != nil { count.reportAt = count.queries &* 2 }
            counts[server] = count
            return reported
        }
        guard let reported else { return }
        log.warning(
            "\(server): \(reported) queries dropped so far, as more than \(HandOver.mostQueries) waited to be taken up by "
                + "the event loop")
    }
}
