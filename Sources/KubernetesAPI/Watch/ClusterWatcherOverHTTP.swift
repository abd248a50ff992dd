import LinuxIO

extension HTTPClient: WatchTransport {}

extension BodyReader: WatchBody {}

extension ClusterWatcher {
    /// A watcher of this API server. Throws when there can be no client; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - observer: is told how requests fare, on the watcher's thread.
    ///   - seed: what jitter follows from.
    ///   - notice: takes what a person wants to know, on the watcher's thread.
    package convenience init(
        _ settings: WatchSettings, server: APIServer, limits: RequestLimits = RequestLimits(),
        observer: (any HTTPClientObserver)? = nil, sink: any WatchSink, clock: Clock, seed: UInt64,
        notice: @escaping @Sendable (WatchNotice) -> Void
    ) throws(HTTPClientFailure) {
        let client = try HTTPClient(server, limits: limits, clock: clock)
        client.observer = observer
        self.init(
            settings, transport: client, body: BodyReader.self, sink: sink, clock: clock, seed: seed, notice: notice)
    }
}
