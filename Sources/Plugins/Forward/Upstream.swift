import LinuxIO

/// One server that queries are forwarded to: its sockets, and how it is.
final class Upstream {
    let address: SocketAddress
    /// What logs and metrics call it.
    let name: String
    let metrics: UpstreamMetrics
    /// What it is spoken to with over TLS; nil where it is asked over UDP and TCP as they are.
    let tls: UpstreamTLS?
    unowned let stage: EngineStage
    var datagrams: [DatagramChannel] = []
    var streams: [StreamChannel] = []
    /// Sockets that take no more questions, but are still waited on.
    var retired: [UpstreamChannel] = []
    /// Failed health checks in a row.
    var fails = 0
    var isChecking = false
    /// Checks in a row that have failed since it is down.
    var checksWhileDown = 0
    /// How long answers take, smoothed (RFC 6298's weight), in nanoseconds; 0 where none has come.
    var roundTrip: UInt64 = 0
    /// Whether it is in use: false once a file does not name it any more.
    var isInUse = true
    /// Whether its being down was logged.
    var wasDown = false

    init(address: SocketAddress, tls: UpstreamTLS?, stage: EngineStage, metrics: UpstreamMetrics) {
        self.tls = tls
        self.stage = stage
        self.address = address
        name = address.description
        self.metrics = metrics
    }

    /// Counts a question over a connection, by whether that was open already.
    func countStream(isReused: Bool) {
        if tls == nil {
            metrics.countConnection(isStream: true, isReused: isReused)
        } else {
            metrics.countSecureConnection(isReused: isReused)
        }
    }

    /// Sockets to it that are open.
    var openSockets: Int { datagrams.count + streams.count + retired.count }

    /// CoreDNS: more failed checks than `max_fails`.
    func isDown(_ maxFails: Int) -> Bool { maxFails > 0 && fails > maxFails }

    func observe(roundTrip time: UInt64) {
        roundTrip = roundTrip == 0 ? time : roundTrip - roundTrip / 8 + time / 8
    }
}
