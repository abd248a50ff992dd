import CCurl
import COpenSSL

/// A server that is asked over HTTPS: where it is, and what it is spoken to with. What it gives to resume TLS sessions with is
/// kept here, for all clients that ask it one after the other.
///
/// Belongs to the thread of its clients.
package final class HTTPSServer {
    /// Where connections go, whatever its name may resolve to: nothing is resolved.
    package let address: SocketAddress
    /// Whom its certificate must be for. A name is what the URL has too, and so the TLS greeting and the head of requests.
    package let peer: TLSPeerName
    /// Where connections come from; nil where the kernel chooses.
    let source: SocketAddress?
    /// `https://`, the peer, and the port, which the address has.
    let origin: String
    private let context: TLSContext
    // SAFETY: made in `init`, cleaned up in `deinit`, which comes after that of every client: each keeps the server, and has
    // cleaned up its own handles by then. One thread uses all of them, so that there is nothing to lock.
    let sessions: UnsafeMutableRawPointer?

    /// - Parameters:
    ///   - context: a client's: authorities, and its own certificate.
    package init(_ address: SocketAddress, peer: TLSPeerName, context: TLSContext, source: SocketAddress? = nil) {
        self.address = address
        self.peer = peer
        self.context = context
        self.source = source
        let host: String
        switch peer {
        case .host(let name): host = name
        case .address(let address):
            // A URL has no room for the interface of a link-local address (RFC 6874 was withdrawn).
            let text = String(address.host.prefix { $0 != "%" })
            host = address.family == .ipv4 ? text : "[\(text)]"
        }
        origin = address.port == 443 ? "https://\(host)" : "https://\(host):\(address.port)"
        sessions = CurlLibrary.isReady ? curl_share_init() : nil
        if let sessions { apodns_curl_share(sessions, CURL_LOCK_DATA_SSL_SESSION) }
    }

    deinit {
        if let sessions { curl_share_cleanup(sessions) }
    }

    /// CURLOPT_CONNECT_TO's form of "whatever the URL says, connect to this address".
    var route: String {
        let text = String(address.host.prefix { $0 != "%" })
        return address.family == .ipv4 ? "::\(text):\(address.port)" : "::[\(text)]:\(address.port)"
    }

    /// Sets up libcurl's context for a new connection. False where OpenSSL refuses.
    func setUp(_ context: OpaquePointer) -> Bool { self.context.lend(to: context, for: peer) }
}
