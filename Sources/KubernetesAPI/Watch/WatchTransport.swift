/// What a watcher needs of an HTTP client: `HTTPClient`, or a stand-in in a test.
///
/// One thread uses it; only `wakeUp()` may be called from others.
package protocol WatchTransport: AnyObject, Sendable {
    /// Begins a request.
    func start(_ request: HTTPClientRequest) -> HTTPClientRequestID
    /// Ends a request; no event of it comes after this.
    func cancel(_ id: HTTPClientRequestID)
    /// Calls the handler with what happens, and returns after that, at the deadline (monotonic nanoseconds) or after
    /// `wakeUp()`. The handler may start and cancel requests.
    func run(until deadline: Int64, _ handler: (HTTPClientRequestID, HTTPClientEvent) -> Void)
    /// The credentials were refused.
    func refreshCredentials()
    /// Ends a `run`, the present one or the next.
    func wakeUp()
}
