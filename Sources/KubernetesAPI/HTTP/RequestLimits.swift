/// How much the client may ask of the API server (`apiserver_qps`, `apiserver_burst`, `apiserver_max_inflight`).
package struct RequestLimits: Sendable, Hashable {
    /// client-go's rate where none is set, in requests a second (rest.DefaultQPS).
    package static let defaultQueriesPerSecond = 5.0
    /// client-go's burst where none is set (rest.DefaultBurst).
    package static let defaultBurst = 10

    /// Requests a second that may start, in the long run. Watches do not count.
    package let queriesPerSecond: Double
    /// Requests that may start at once.
    package let burst: Int
    /// Requests that may wait for the head of their response at one time; 0: no limit. As in CoreDNS a response that has
    /// begun no longer counts, so watches do not fill the limit.
    package let maximumInFlight: Int

    /// Limits; 0 stands for client-go's default, or for no limit of `maximumInFlight`, as in CoreDNS. Negative numbers
    /// count as 0.
    package init(queriesPerSecond: Double = 0, burst: Int = 0, maximumInFlight: Int = 0) {
        self.queriesPerSecond = queriesPerSecond > 0 ? queriesPerSecond : Self.defaultQueriesPerSecond
        self.burst = burst > 0 ? burst : Self.defaultBurst
        self.maximumInFlight = max(0, maximumInFlight)
    }
}
