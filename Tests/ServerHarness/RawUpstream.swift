import Glibc
import LinuxIO
import Synchronization

/// Something at a TCP port of 127.0.0.1 that is no DNS server: it takes connections and does the same with each. Stopped when it
/// goes.
package final class RawUpstream: Sendable {
    /// What becomes of a connection.
    package enum Manner: Sendable {
        /// It ends as soon as something has come.
        case close
        /// Something is said that is no TLS.
        case garbage
        /// The first bytes of a TLS record are said, and then nothing more.
        case half
        /// Nothing is said.
        case silence
    }

    package let address: SocketAddress
    private let loop: EventLoop
    private let thread: Thread

    package init(_ manner: Manner) throws {
        let listener = try StreamListener.listen(.loopback(port: 0))
        address = listener.boundAddress
        loop = try EventLoop()
        let loop = loop
        try loop.register(listener.descriptor, .readable) { [unowned loop] _ in
            guard case .connection(let socket, _) = listener.accept() else { return }
            let open = Open(socket)
            try? loop.register(socket.descriptor, .readable) { [unowned loop] _ in
                var room = [UInt8](repeating: 0, count: 1 << 16)
                let (count, _) = room.withUnsafeMutableBytes { open.socket.read(into: $0) }
                let said: [UInt8] =
                    switch manner {
                    case .garbage: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
                    case .half: [0x16, 3, 3, 1, 0, 2, 0, 0]
                    case .close, .silence: []
                    }
                _ = said.withUnsafeBytes { open.socket.write($0) }
                if count <= 0 || manner == .close || manner == .half { loop.unregister(open.socket.descriptor) }
            }
        }
        thread = try Thread.spawn(name: "raw") { loop.run() }
    }

    /// Closes the socket when the loop has no more to do with it.
    private final class Open {
        let socket: StreamSocket

        init(_ socket: StreamSocket) { self.socket = socket }

        deinit { socket.close() }
    }

    deinit {
        loop.stop()
        thread.join()
        loop.forgetAll()
    }
}
