import LinuxIO

/// A socket to an upstream, with the questions that wait for answers on it.
class UpstreamChannel {
    let socket: ConnectedSocket
    unowned let upstream: Upstream
    let openedAt: UInt64
    /// When it was last of use.
    var usedAt: UInt64
    /// Who waits, by id. (`@exclusivity(unchecked)`: one thread, and statements that call nobody who could come back.)
    @exclusivity(unchecked) var waiting = FlightTable()
    /// Whether it takes no more questions; closed when nobody waits any more.
    var isRetired = false
    var isClosed = false

    init(socket: ConnectedSocket, upstream: Upstream, now: UInt64) {
        self.socket = socket
        self.upstream = upstream
        openedAt = now
        usedAt = now
    }

    /// How Go's net package names what goes over it.
    var network: String { "udp" }

    /// Both ends, as Go's errors name them.
    var ends: String { "\(network) \(socket.localAddress.map(String.init(describing:)) ?? "?")->\(upstream.address)" }
}
