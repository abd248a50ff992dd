import CLinux
import Glibc

/// A bound UDP socket: blocking, with SO_REUSEPORT so that every worker has its own on the same address.
///
/// On a wildcard address it is dual-stack and tells the address each datagram was sent to. Closed when the last reference
/// goes, so a thread that holds one never uses a closed (or reused) descriptor.
package final class DatagramSocket: Sendable {
    /// The receive buffer asked of the kernel: with net.core.rmem_max's usual 208 KiB a burst of some 250 small queries is
    /// lost while a worker is off its processor; 4 MiB hold some 5,000. The kernel may grant less.
    package static let receiveBufferBytes: Int32 = 4 << 20
    /// The send buffer asked of the kernel, so that a batch of full-size answers fits while the device is busy.
    package static let sendBufferBytes: Int32 = 1 << 20
    /// How long a receive blocks at most, so that a worker without queries can look after its house.
    package static let receiveTimeoutMilliseconds: Int32 = 1000

    private let socket: SocketDescriptor
    /// The descriptor; owned by this object.
    package var descriptor: Int32 { socket.number }
    /// The address bound, with the port that the kernel chose when 0 was asked.
    package let boundAddress: SocketAddress
    /// Whether the socket takes datagrams to every address of the machine.
    package let isWildcard: Bool
    /// The family of the socket itself; an IPv6 wildcard socket serves IPv4 too.
    let family: SocketAddress.Family

    private init(_ socket: consuming SocketDescriptor, _ placement: SocketDescriptor.Placement) throws(SystemError) {
        let subject = placement.address.description
        if placement.isWildcard {
            // RFC 3542 section 6.1; on an IPv6 socket it covers IPv4 as well (v4-mapped).
            if placement.family == .ipv6 {
                try socket.set(CLINUX_PACKET_INFORMATION_6, 1, "setsockopt IPV6_RECVPKTINFO", subject)
            } else {
                try socket.set(CLINUX_PACKET_INFORMATION_4, 1, "setsockopt IP_PKTINFO", subject)
            }
        }
        socket.prefer(CLINUX_RECEIVE_BUFFER, Self.receiveBufferBytes)
        socket.prefer(CLINUX_SEND_BUFFER, Self.sendBufferBytes)
        try socket.set(
            CLINUX_RECEIVE_TIMEOUT_MILLISECONDS, Self.receiveTimeoutMilliseconds, "setsockopt SO_RCVTIMEO", subject)
        boundAddress = try socket.localAddress()
        isWildcard = placement.isWildcard
        family = placement.family
        self.socket = socket
    }

    /// A socket bound to `address`; port 0 lets the kernel choose one.
    ///
    /// Throws the error of the call that failed, such as "bind 10.0.0.1:53: ... (EADDRNOTAVAIL)".
    package static func bind(_ address: SocketAddress) throws(SystemError) -> DatagramSocket {
        try bind(SocketDescriptor.placements(address)[...])
    }

    static func bind(_ placements: ArraySlice<SocketDescriptor.Placement>) throws(SystemError) -> DatagramSocket {
        guard let placement = placements.first else { throw SystemError(call: "bind", code: EAFNOSUPPORT) }
        do throws(SystemError) {
            let descriptor = try SocketDescriptor.bound(
                kind: CLINUX_DATAGRAM, nonBlocking: false, placement: placement)
            return try DatagramSocket(descriptor, placement)
        } catch {
            guard placements.count > 1, SocketDescriptor.meansNoIPv6(error) else {
                throw error
            }
            return try bind(placements.dropFirst())
        }
    }

    /// Has the kernel choose among `count` sockets of the same address, bound one after the other, by the processor that a
    /// datagram comes in on, and not by its sender: what comes in on one processor stays together, so that a worker finds
    /// more of it at a time. Where the kernel does not know how, senders are spread.
    package func spreadByProcessor(count: Int) {
        _ = clinux_spread_by_processor(descriptor, UInt32(clamping: count))
    }

    /// Sends one datagram, leaving from the address `from` when it is given (its port is not used). Never blocks.
    ///
    /// Returns the bytes sent, or -1 with the error number.
    package func send(
        _ bytes: UnsafeRawBufferPointer, to: SocketAddress, from: SocketAddress? = nil
    ) -> (result: Int, errno: Int32) {
        var target = to.encoded
        let kind = Int32(family.rawValue)
        let result: Int
        if let from {
            var source = from.encoded
            result = clinux_send_datagram(descriptor, kind, bytes.baseAddress, bytes.count, &target, &source)
        } else {
            result = clinux_send_datagram(descriptor, kind, bytes.baseAddress, bytes.count, &target, nil)
        }
        return result < 0 ? (-1, Int32(truncatingIfNeeded: 0 &- result)) : (result, 0)
    }

    /// Ends receiving: a blocked receive returns `closed` at once, and so does every later one. Any thread may call it.
    package func shutdown() {
        // ENOTCONN is what an unconnected socket answers although it does wake its readers.
        _ = clinux_shutdown(descriptor, 1, 0)
    }
}
