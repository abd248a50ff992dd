import Corefile
import DNSWire
import LinuxIO

/// What one `forward` directive says.
struct ForwardOptions {
    /// How the first upstream of a query is chosen.
    enum Policy: String, CaseIterable {
        case random
        case roundRobin = "round_robin"
        case sequential
    }

    /// Most TOs of a directive (CoreDNS). Each may be several upstreams: the name of a host, or a file.
    static let mostTargets = 15
    /// Most upstreams of a directive; those beyond are not used. CoreDNS has no limit, but a query tries only few of them, and
    /// each costs sockets and series of metrics.
    static let mostUpstreams = 64

    /// The zone whose names are forwarded, in wire form.
    var from: [UInt8] = [0]
    /// Zones within it that are not, in wire form.
    var except: [[UInt8]] = []
    /// Where to, in the order of the Corefile.
    var destinations: [ForwardDestination] = []
    var forcesTCP = false
    var prefersUDP = false
    /// How long a connection is kept that nothing waits for, in nanoseconds.
    var expire = 10 * Clock.second
    /// How old a connection may get, in nanoseconds; 0 for any age.
    var longestAge: UInt64 = 0
    /// Most connections kept that nothing waits for, of each kind and upstream; 0 for no limit but those of the pools.
    var mostIdle = 0
    /// How long each upstream's answer is waited for, in nanoseconds.
    var readTimeout = 2 * Clock.second
    /// Failed health checks after which an upstream is down; 0 checks none.
    var maxFails = 2
    /// Attempts for one query: nil for twice the number of upstreams, 0 for as many as the time allows.
    var maxAttempts: Int?
    var policy = Policy.random
    /// Nanoseconds between two health checks.
    var checkInterval = Clock.second / 2
    var checkDesiresRecursion = true
    /// The name that health checks ask for, in wire form.
    var checkName: [UInt8] = [0]
    /// Most queries at a time; 0 for no limit.
    var maxConcurrent = 0
    /// Codes with which a query goes on to the next `forward`.
    var nextCodes: Set<ResponseCode> = []
    var goesNextOnNoData = false
    /// Codes with which a query goes on to the next upstream.
    var failoverCodes: Set<ResponseCode> = []
    var failsFast = false
    var sourceAddress: SocketAddress?
    /// Whom to ask for the addresses of hosts; none for the system.
    var resolvers: [SocketAddress] = []
    /// Whether questions over HTTPS go into the URL; otherwise they are posted.
    var usesGet = false

    /// What upstreams over TLS are spoken to with; nil where there is none.
    var tls: TLSContext?

    /// The upstreams as they are now, each once.
    func targets() -> [UpstreamTarget] { Self.targets(destinations) }

    /// The upstreams of destinations, each once.
    static func targets(_ destinations: [ForwardDestination]) -> [UpstreamTarget] {
        var seen: Set<UpstreamTarget> = []
        return destinations.flatMap { destination in
            destination.addresses.map {
                UpstreamTarget(address: $0, peer: destination.peer, isHTTPS: destination.isHTTPS)
            }
        }.filter { seen.insert($0).inserted }
    }
}

/// One TO: an address, a file with addresses, or the name of a host that has some.
struct ForwardDestination {
    /// The file's path; nil for what is none.
    var path: String?
    /// The name; nil for what is none. Its addresses are found when the server starts or reloads, and not again before the next
    /// time (CoreDNS).
    var host: ForwardHostName?
    /// Where it stands.
    var location: SourceLocation?
    /// What the file was when it was read.
    var stamp: FileStamp?
    var addresses: [SocketAddress]
    /// Whom its certificate must be for; nil where it is not asked over TLS.
    var peer: TLSPeerName?
    /// Whether it is asked over HTTPS; then it has a peer.
    var isHTTPS = false

    /// Whether it is a file that names no server.
    var isEmpty: Bool { path != nil && addresses.isEmpty }
}

/// An address and how it is asked: what makes two upstreams the same.
struct UpstreamTarget: Hashable, Sendable {
    let address: SocketAddress
    /// Whom its certificate must be for; nil where it is not asked over TLS.
    var peer: TLSPeerName?
    /// Whether it is asked over HTTPS; then it has a peer.
    var isHTTPS = false
}
