import CLinux

/// Datagrams that are put together over a while and sent with few system calls. Belongs to one thread.
package final class OutgoingDatagrams {
    /// Bytes kept for the next datagrams once these have been sent.
    private static let keptBytes = 1 << 18

    // `@exclusivity(unchecked)`: one thread, and methods that call nobody who could come back to the object.
    @exclusivity(unchecked) private var bytes: UnsafeMutableRawBufferPointer
    @exclusivity(unchecked) private var used = 0
    @exclusivity(unchecked) private var datagrams: ContiguousArray<clinux_outgoing> = []
    /// Where each begins in `bytes`.
    @exclusivity(unchecked) private var starts: ContiguousArray<Int> = []

    package init() {
        // SAFETY: the memory is this object's alone, freed in `deinit` and replaced by `reserve` only.
        bytes = .allocate(byteCount: 1 << 14, alignment: 8)
    }

    deinit { bytes.deallocate() }

    /// Whether there is nothing to send.
    package var isEmpty: Bool { datagrams.isEmpty }

    /// Adds a datagram to a connected socket's peer, or to an address, leaving from another where one is given.
    ///
    /// - Returns: the copy, to be changed before `send`.
    @discardableResult
    package func add(
        _ datagram: UnsafeRawBufferPointer, to: SocketAddress? = nil, from: SocketAddress? = nil
    ) -> UnsafeMutableRawBufferPointer {
        reserve(datagram.count)
        let copy = UnsafeMutableRawBufferPointer(rebasing: bytes[used..<used + datagram.count])
        copy.copyMemory(from: datagram)
        starts.append(used)
        used += datagram.count
        datagrams.append(
            clinux_outgoing(
                bytes: nil, length: datagram.count, to: to?.encoded ?? clinux_address(),
                from: from?.encoded ?? clinux_address()))
        return copy
    }

    private func reserve(_ count: Int) {
        guard used + count > bytes.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * bytes.count, used + count), alignment: 8)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used]))
        bytes.deallocate()
        bytes = larger
    }

    /// Sends everything through a connected socket. The first error number; 0 where there was none.
    package func send(_ socket: ConnectedSocket) -> Int32 { send(socket.descriptor, family: 4) }

    /// Sends everything through a bound socket. What cannot be sent is left out.
    package func send(_ socket: DatagramSocket) { _ = send(socket.descriptor, family: Int32(socket.family.rawValue)) }

    private func send(_ descriptor: Int32, family: Int32) -> Int32 {
        guard let base = bytes.baseAddress else { return 0 }
        for place in datagrams.indices {
            datagrams[place].bytes = UnsafePointer((base + starts[place]).assumingMemoryBound(to: UInt8.self))
        }
        // SAFETY: every datagram lies within `bytes`, which nobody touches during the call.
        let result = datagrams.withUnsafeBufferPointer {
            clinux_send_datagrams(descriptor, family, $0.baseAddress, $0.count)
        }
        removeAll()
        return 0 &- result
    }

    /// Forgets what was added.
    package func removeAll() {
        datagrams.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        used = 0
        if bytes.count > Self.keptBytes {
            bytes.deallocate()
            bytes = .allocate(byteCount: 1 << 14, alignment: 8)
        }
    }
}
