import LinuxIO

/// A socket to an upstream.
class SocketChannel: UpstreamChannel {
    let socket: ConnectedSocket

    init(socket: ConnectedSocket, upstream: Upstream, now: UInt64) {
        self.socket = socket
        super.init(upstream: upstream, now: now)
    }

    /// How Go's net package names what goes over it.
    var network: String { "udp" }

    /// Both ends, as Go's errors name them.
    override var ends: String {
        "\(network) \(socket.localAddress.map(String.init(describing:)) ?? "?")->\(upstream.address)"
    }
}
