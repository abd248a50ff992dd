import LinuxIO

/// One server that queries are forwarded to: its sockets, and how it is.
final class Upstream {
    let address: SocketAddress
    /// What logs and metrics call it.
    let name: String
    let metrics: UpstreamMetrics
    /// What it is spoken to with over TLS; nil where it is asked over UDP and TCP as they are.
    let tls: UpstreamTLS?
    /// What it is asked with over HTTPS; nil where it is asked without.
    let https: UpstreamHTTPS?
    unowned let stage: EngineStage
    var datagrams: [DatagramChannel] = []
    var streams: [StreamChannel] = []
    /// Its connections over HTTPS.
    var httpsChannel: HTTPSChannel?
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

    init(
        address: SocketAddress, tls: UpstreamTLS?, https: UpstreamHTTPS?, stage: EngineStage, metrics: UpstreamMetrics
    ) {
        self.tls = tls
        self.https = https
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

    /// Whether it is asked over a stream alone.
    var isStreamOnly: Bool { tls != nil || https != nil }

    /// Whom its certificate must be for; nil where it shows none.
    var peer: TLSPeerName? { tls?.peer ?? https?.peer }

    /// Sockets to it that are open; those over HTTPS count as one.
    var openSockets: Int { datagrams.count + streams.count + retired.count + (httpsChannel == nil ? 0 : 1) }

    /// CoreDNS: more failed checks than `max_fails`.
    func isDown(_ maxFails: Int) -> Bool { maxFails > 0 && fails > maxFails }

    func observe(roundTrip time: UInt64) {
        roundTrip = roundTrip == 0 ? time : roundTrip - roundTrip / 8 + time / 8
    }
}
