import CLinux

/// One datagram of a batch: a trivial view of the batch's memory, valid until the next receive.
package struct DatagramSlot: BitwiseCopyable {
    @usableFromInline let slot: UnsafeMutablePointer<clinux_slot>

    init(_ slot: UnsafeMutablePointer<clinux_slot>) {
        self.slot = slot
    }

    /// The buffer, of the batch's capacity: the request as received, and room for the answer over it.
    @inlinable package var buffer: UnsafeMutableRawPointer {
        // SAFETY: set once for every slot when the batch is made, and never changed.
        UnsafeMutableRawPointer(slot.pointee.buffer.unsafelyUnwrapped)
    }

    /// The bytes received, at most the capacity.
    @inlinable package var receivedLength: Int { Int(slot.pointee.received) }

    /// Whether the datagram was longer than the buffer and has lost its end.
    @inlinable package var isTruncated: Bool { slot.pointee.truncated != 0 }

    /// Says how many bytes of the buffer are the answer; 0 drops the datagram. More than the capacity is cut.
    @inlinable package func setResponseLength(_ length: Int) {
        slot.pointee.response = UInt32(clamping: length)
    }

    /// The sender. Decoded on each call.
    package var client: SocketAddress {
        var address = clinux_address()
        clinux_slot_client(slot, &address)
        // The kernel gives senders of the socket's own families only.
        return SocketAddress(address) ?? SocketAddress(ipv4: 0, port: 0)
    }

    /// The address that the datagram was sent to: the kernel's word on a wildcard socket, otherwise the address bound.
    /// Decoded on each call.
    package func local(of socket: borrowing DatagramSocket) -> SocketAddress {
        var address = clinux_address()
        guard clinux_slot_local(slot, &address) != 0, let local = SocketAddress(address) else {
            return socket.boundAddress
        }
        return local.withPort(socket.boundAddress.port)
    }
}
