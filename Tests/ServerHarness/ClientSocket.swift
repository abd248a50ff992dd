import Glibc
import LinuxIO

/// Why a client got no answer.
package struct ClientError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }

    static func call(_ name: String) -> ClientError {
        ClientError(description: "\(name): \(String(cString: strerror(errno)))")
    }
}

/// A connected socket of a client, with a deadline on whatever it waits for. A connected UDP socket takes only what comes from
/// the very address and port that was asked.
package final class ClientSocket {
    /// How long an answer may take, in milliseconds: what a person would wait, and far more than a server on the same machine
    /// needs.
    package static let patience: Int32 = 5000

    package let descriptor: Int32

    package init(_ transport: Int32, to address: SocketAddress) throws {
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        descriptor = socket(family, transport | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ClientError.call("socket") }
        // Connecting and sending have the same deadline: a server that does not read fails a test and does not hang it.
        var patience = timeval(tv_sec: Int(Self.patience) / 1000, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // What throws from here on is closed by `deinit`; closed here as well, it might be another thread's by then.
        guard Self.withSocketAddress(address, { connect(descriptor, $0, $1) }) == 0 else {
            throw ClientError.call("connect \(address)")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package static let datagram = Int32(SOCK_DGRAM.rawValue)
    package static let stream = Int32(SOCK_STREAM.rawValue)

    /// Calls with the address in the form of the system.
    package static func withSocketAddress<Result>(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if let ipv4 = address.ipv4 {
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = address.port.bigEndian
            form.sin_addr.s_addr = ipv4.bigEndian
            return withUnsafePointer(to: &form) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var form = sockaddr_in6()
        form.sin6_family = sa_family_t(AF_INET6)
        form.sin6_port = address.port.bigEndian
        withUnsafeMutableBytes(of: &form.sin6_addr) { $0.copyBytes(from: address.bytes) }
        return withUnsafePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    /// Closes this side of a stream.
    package func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends all bytes; a datagram as one.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        repeat {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { throw ClientError.call("send") }
            sent += count
        } while sent < bytes.count
    }

    /// What has come, at most `limit` bytes; nil where nothing does in time, and no bytes at the end of a stream.
    package func receive(limit: Int = 65_535, milliseconds: Int32 = patience) throws -> [UInt8]? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return nil }
        return try [UInt8](unsafeUninitializedCapacity: limit) { room, filled in
            let count = recv(descriptor, room.baseAddress, limit, 0)
            guard count >= 0 else { throw ClientError.call("recv") }
            filled = count
        }
    }
}
