import PluginKit

/// Counts the queries of one worker that never enter a chain: refused by the server, not understood, of a version that is not
/// known. They stand under the zone "dropped", which has no final dot and so is no zone's name.
package final class DroppedQueries: Sendable {
    /// What CoreDNS calls the zone of such queries.
    static let zone = "dropped"

    private let counters: QueryCounters

    /// - Parameter server: as in `WorkerContext`.
    package init(_ metrics: QueryMetrics, server: String, transport: Transport) {
        counters = metrics.makeCounters(
            QueryCounters.Labels(server: server, zone: Self.zone, transport: transport))
    }

    deinit { counters.giveBack() }

    /// What the worker counts through: valid for as long as the object is kept.
    package var view: DroppedQueriesView { DroppedQueriesView(context: counters.context) }
}

/// The counting side of `DroppedQueries`, for one worker.
package struct DroppedQueriesView {
    private let context: UnsafeMutableRawPointer

    fileprivate init(context: UnsafeMutableRawPointer) { self.context = context }

    /// Counts an exchange whose response is finished; `answeredBy` is nobody. Allocates nothing.
    package func count(_ exchange: UnsafeMutablePointer<Exchange>) { QueryCounters.count(context, exchange) }

    /// Counts the durations of what was counted in the batch that ends at `now`.
    package func endBatch(_ now: UInt64) { QueryCounters.endBatch(context, now) }
}
