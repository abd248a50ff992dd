import DNSWire
import Glibc

/// A client that asks 127.0.0.1 over UDP, one question at a time.
final class Asker {
    private let descriptor: Int32
    private var number: UInt16 = 0
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    /// How long an answer is waited for, in microseconds, before the question counts as lost.
    private static let patience = 250_000

    /// - Parameter port: where it asks.
    init(port: UInt16) throws(BenchFailure) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchFailure("no socket: error \(errno)") }
        var patience = timeval(tv_sec: 0, tv_usec: Self.patience)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = LoopbackPort.address(port)
        let result = LoopbackPort.with(&address) { connect(descriptor, $0, $1) }
        guard result == 0 else { throw BenchFailure("127.0.0.1:\(port) cannot be connected to: error \(errno)") }
    }

    deinit { close(descriptor) }

    /// Asks once; nil where there is no answer, because nobody listens (at once) or it does not come.
    func ask(_ query: [UInt8]) -> Reply? {
        number &+= 1
        var query = query
        query[0] = UInt8(number >> 8)
        query[1] = UInt8(number & 0xFF)
        guard send(descriptor, query, query.count, Int32(MSG_NOSIGNAL)) == query.count else { return nil }
        while true {
            let length = recv(descriptor, &buffer, buffer.count, 0)
            guard length >= Header.length else { return nil }
            // A late answer to an earlier question is not this one's.
            guard buffer[0] == query[0], buffer[1] == query[1] else { continue }
            return Reply(code: buffer[3] & 15, answers: UInt16(buffer[6]) << 8 | UInt16(buffer[7]))
        }
    }
}

/// Addresses on the loopback interface.
enum LoopbackPort {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    static func with<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        // SAFETY: a sockaddr_in is a sockaddr to the calls that take its length (ip(7)).
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A port that nobody has now, for UDP and TCP.
    static func free() throws(BenchFailure) -> UInt16 {
        for _ in 0..<20 {
            let stream = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer {
                close(stream)
                close(datagram)
            }
            var address = address(0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard with(&address, { bind(stream, $0, $1) }) == 0,
                with(&address, { pointer, _ in getsockname(stream, pointer, &length) }) == 0,
                with(&address, { bind(datagram, $0, $1) }) == 0
            else { continue }
            return UInt16(bigEndian: address.sin_port)
        }
        throw BenchFailure("no free port on 127.0.0.1")
    }
}
