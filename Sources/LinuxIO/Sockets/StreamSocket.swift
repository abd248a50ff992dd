import CLinux
import Glibc

/// A TCP connection: a trivial handle on a descriptor. Whoever accepted or connected it closes it, once.
package struct StreamSocket: Sendable, BitwiseCopyable {
    /// The descriptor.
    package let descriptor: Int32

    /// A handle on an open descriptor.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects to `address`, blocking; `timeoutMilliseconds` limits this and every later read and write (EAGAIN then).
    package static func connect(
        to address: SocketAddress, timeoutMilliseconds: Int32
    ) throws(SystemError) -> StreamSocket {
        let family = Int32(address.family.rawValue)
        let subject = address.description
        let number = try SystemError.check(
            clinux_socket(family, Int32(CLINUX_STREAM), 0), "socket", subject)
        let socket = StreamSocket(descriptor: number)
        var target = address.encoded
        do throws(SystemError) {
            for option in [CLINUX_RECEIVE_TIMEOUT_MILLISECONDS, CLINUX_SEND_TIMEOUT_MILLISECONDS] {
                let result = clinux_set_option(number, Int32(option), timeoutMilliseconds)
                _ = try SystemError.check(result, "setsockopt", subject)
            }
            _ = try SystemError.check(clinux_connect(number, family, &target), "connect", subject)
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    /// Reads what is there. Bytes read, 0 at the end of the stream, or -1 with the error number.
    package func read(into bytes: UnsafeMutableRawBufferPointer) -> (result: Int, errno: Int32) {
        Self.outcome { clinux_read(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// Writes what the kernel takes; a closed peer is EPIPE, not a signal. Bytes written, or -1 with the error number.
    package func write(_ bytes: UnsafeRawBufferPointer) -> (result: Int, errno: Int32) {
        Self.outcome { clinux_send(descriptor, bytes.baseAddress, bytes.count) }
    }

    private static func outcome(_ call: () -> Int) -> (result: Int, errno: Int32) {
        while true {
            let result = call()
            if result >= 0 { return (result, 0) }
            let code = Int32(truncatingIfNeeded: 0 &- result)
            if code != EINTR { return (-1, code) }
        }
    }

    /// The address of this end.
    package func localAddress() throws(SystemError) -> SocketAddress {
        var address = clinux_address()
        _ = try SystemError.check(clinux_local_address(descriptor, &address), "getsockname")
        guard let decoded = SocketAddress(address) else { throw SystemError(call: "getsockname", code: EAFNOSUPPORT) }
        return decoded
    }

    /// Tells the peer that nothing more comes; reading goes on.
    package func shutdownWriting() {
        _ = clinux_shutdown(descriptor, 0, 1)
    }

    /// Closes the descriptor. To be called once.
    package func close() {
        _ = clinux_close(descriptor)
    }
}
