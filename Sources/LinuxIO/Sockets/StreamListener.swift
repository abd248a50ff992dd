import CLinux
import Glibc

/// A listening TCP socket: non-blocking, alone at its address, dual-stack on a wildcard address.
package final class StreamListener: Sendable {
    /// Connections that wait to be accepted; net.core.somaxconn (4096 since Linux 5.4) limits it anyway.
    package static let defaultBacklog: Int32 = 4096

    /// What an accept brought.
    package enum Accepted: Sendable {
        /// A connection (non-blocking) and its peer.
        case connection(StreamSocket, client: SocketAddress)
        /// None waits.
        case none
        /// This one failed (it was aborted, or the network made it fail); the next may do.
        case retry
        /// The error number, such as EMFILE.
        case failed(Int32)
    }

    private let socket: SocketDescriptor
    /// The descriptor; owned by this object.
    package var descriptor: Int32 { socket.number }
    /// The address bound, with the port that the kernel chose when 0 was asked.
    package let boundAddress: SocketAddress
    /// Whether connections to every address of the machine come here.
    package let isWildcard: Bool

    /// Whether another listener of this process may be opened meanwhile at an address that overlaps with this one's, as a
    /// wildcard does with every address: connections go to the one whose address is nearer. Otherwise that is EADDRINUSE.
    package func letOthersOverlap(_ allowed: Bool) { socket.prefer(CLINUX_REUSE_PORT, allowed ? 1 : 0) }

    private init(
        _ socket: consuming SocketDescriptor, _ placement: SocketDescriptor.Placement, backlog: Int32
    ) throws(SystemError) {
        // Accepted connections inherit TCP_NODELAY: answers are written whole, so Nagle only ever delays them.
        socket.prefer(CLINUX_TCP_NO_DELAY, 1)
        _ = try SystemError.check(clinux_listen(socket.number, backlog), "listen", placement.address.description)
        boundAddress = try socket.localAddress()
        isWildcard = placement.isWildcard
        self.socket = socket
    }

    /// Listens on `address`; port 0 lets the kernel choose one. Throws the error of the call that failed.
    ///
    /// - Parameter overlapping: whether there are listeners at overlapping addresses that allow it (`letOthersOverlap`).
    package static func listen(
        _ address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog, overlapping: Bool = false
    ) throws(SystemError) -> StreamListener {
        let listener = try listen(
            SocketDescriptor.placements(address)[...], backlog: backlog, overlapping: overlapping)
        if overlapping { listener.letOthersOverlap(false) }
        return listener
    }

    static func listen(
        _ placements: ArraySlice<SocketDescriptor.Placement>, backlog: Int32, overlapping: Bool = false
    ) throws(SystemError) -> StreamListener {
        guard let placement = placements.first else { throw SystemError(call: "bind", code: EAFNOSUPPORT) }
        do throws(SystemError) {
            let descriptor = try SocketDescriptor.bound(
                kind: CLINUX_STREAM, nonBlocking: true, placement: placement, sharesPort: overlapping)
            return try StreamListener(descriptor, placement, backlog: backlog)
        } catch {
            guard placements.count > 1, SocketDescriptor.meansNoIPv6(error) else {
                throw error
            }
            return try listen(placements.dropFirst(), backlog: backlog, overlapping: overlapping)
        }
    }

    /// Takes one waiting connection, if there is one.
    package func accept() -> Accepted {
        var address = clinux_address()
        let result = clinux_accept(descriptor, &address)
        if result >= 0 {
            return .connection(
                StreamSocket(descriptor: result), client: SocketAddress(address) ?? SocketAddress(ipv4: 0, port: 0))
        }
        switch 0 &- result {
        case EAGAIN: return .none
        // accept(2): errors that belong to the new connection are reported by accept, to be treated like "try again".
        case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH:
            return .retry
        case let code: return .failed(code)
        }
    }
}
