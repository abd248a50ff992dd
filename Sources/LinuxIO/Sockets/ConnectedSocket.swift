import CLinux
import Glibc

/// A client's socket, connected to one peer and non-blocking: a trivial handle on a descriptor. Whoever opened it closes it,
/// once. A datagram socket gets a port from the kernel, which chooses it at random, and takes only what its peer sends.
package struct ConnectedSocket: Sendable, BitwiseCopyable {
    /// What goes over the socket.
    package enum Kind: Sendable {
        case datagram
        case stream
    }

    /// The descriptor.
    package let descriptor: Int32

    /// A socket to `address`, from the address `source` where one is given (its port is not used).
    ///
    /// A stream is not connected yet when this returns: it can be written to once it is, or its error can be read. Throws the
    /// error of the call that failed, such as "connect 10.0.0.1:53: Network is unreachable (ENETUNREACH)".
    package static func open(
        _ kind: Kind, to address: SocketAddress, from source: SocketAddress? = nil
    ) throws(SystemError) -> ConnectedSocket {
        let family = Int32(address.family.rawValue)
        let subject = address.description
        let type = kind == .datagram ? CLINUX_DATAGRAM : CLINUX_STREAM
        let number = try SystemError.check(clinux_socket(family, Int32(type), 1), "socket", subject)
        let socket = ConnectedSocket(descriptor: number)
        do throws(SystemError) {
            if let source {
                var from = source.withPort(0).encoded
                _ = try SystemError.check(clinux_bind(number, family, &from), "bind", source.host)
            }
            if kind == .stream { _ = clinux_set_option(number, Int32(CLINUX_TCP_NO_DELAY), 1) }
            var target = address.encoded
            let result = clinux_connect(number, family, &target)
            if result != -EINPROGRESS { _ = try SystemError.check(result, "connect", subject) }
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    /// Sends what the kernel takes, a datagram as a whole. Bytes sent, or -1 with the error number.
    package func send(_ bytes: UnsafeRawBufferPointer) -> (result: Int, errno: Int32) {
        Self.outcome { clinux_send(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// Reads what is there: one datagram, or bytes of a stream (0 at its end). Bytes read, or -1 with the error number.
    package func receive(into bytes: UnsafeMutableRawBufferPointer) -> (result: Int, errno: Int32) {
        Self.outcome { clinux_read(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// Receives the datagrams that are there, each at a multiple of `stride` within `buffer`; those that are longer than that
    /// count as empty. As many as `lengths` has room for, and as the kernel gives at once.
    ///
    /// Returns how many there were, or -1 with the error number.
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer, stride: Int, lengths: UnsafeMutableBufferPointer<UInt32>
    ) -> (result: Int, errno: Int32) {
        let count = min(lengths.count, stride > 0 ? buffer.count / stride : 0)
        // SAFETY: the buffer has room for `count` datagrams of `stride` bytes, and there are at least as many lengths.
        let result = clinux_receive_datagrams(
            descriptor, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), stride, count, lengths.baseAddress)
        return result < 0 ? (-1, 0 &- result) : (Int(result), 0)
    }

    private static func outcome(_ call: () -> Int) -> (result: Int, errno: Int32) {
        while true {
            let result = call()
            if result >= 0 { return (result, 0) }
            let code = Int32(truncatingIfNeeded: 0 &- result)
            if code != EINTR { return (-1, code) }
        }
    }

    /// The address of this end; nil where the kernel does not say.
    package var localAddress: SocketAddress? {
        var address = clinux_address()
        guard clinux_local_address(descriptor, &address) >= 0 else { return nil }
        return SocketAddress(address)
    }

    /// The error that connecting has ended with, or that has come since; 0 for none. Asking takes it away.
    package var pendingError: Int32 { max(0, clinux_get_option(descriptor, Int32(CLINUX_PENDING_ERROR))) }

    /// Closes the descriptor. To be called once.
    package func close() {
        _ = clinux_close(descriptor)
    }
}
