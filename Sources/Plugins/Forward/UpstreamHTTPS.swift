import DNSWire
import LinuxIO

/// What an upstream over HTTPS is asked with.
final class UpstreamHTTPS {
    /// RFC 8484, section 6.
    static let mediaType = "application/dns-message"
    /// CoreDNS: no other path can be said.
    static let path = "/dns-query"

    private let server: HTTPSServer
    /// Whether questions go into the URL.
    private let usesGet: Bool
    /// What it is called when it has failed.
    let url: String

    init(_ address: SocketAddress, peer: TLSPeerName, context: TLSContext, options: ForwardOptions) {
        server = HTTPSServer(address, peer: peer, context: context, source: options.sourceAddress)
        usesGet = options.usesGet
        url = "https://\(address)\(Self.path)"
    }

    /// Whom its certificate must be for.
    var peer: TLSPeerName { server.peer }

    /// A client with connections of its own; nil where there is no memory for it.
    ///
    /// - Parameter mostIdle: connections kept; 0 for the client's own limit.
    func open(_ loop: EventLoop, mostIdle: Int, receiver: any HTTPSReceiver) -> HTTPSClient? {
        var limits = HTTPSLimits()
        limits.connections = StreamChannel.mostOpen
        if mostIdle > 0 { limits.idleConnections = min(limits.idleConnections, mostIdle) }
        return HTTPSClient(server, mediaType: Self.mediaType, limits: limits, loop: loop, receiver: receiver)
    }

    /// The request for a question.
    ///
    /// - Parameters:
    ///   - isCheck: health checks are posted, whatever the Corefile says (CoreDNS).
    ///   - nanoseconds: how long the answer is waited for.
    func request(_ question: Question, isCheck: Bool, nanoseconds: UInt64) -> HTTPSRequest {
        var message = question.message
        // RFC 8484, section 4.1: the id is 0, so that caches see that questions are the same.
        for place in message.indices.prefix(2) { message[place] = 0 }
        // Whoever waits for the answer finds out first that it is late.
        let milliseconds = Int(clamping: nanoseconds / Clock.millisecond) + 100
        guard usesGet, !isCheck else {
            return HTTPSRequest(target: Self.path, body: message, milliseconds: milliseconds)
        }
        return HTTPSRequest(
            target: "\(Self.path)?dns=\(Base64.urlText(message))", body: nil, milliseconds: milliseconds)
    }
}
