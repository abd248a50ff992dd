import Glibc

/// A client of plain sockets, which sees each byte as it comes.
final class RawClient {
    private let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var isClosed = false

    struct Refused: Error {}

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Refused()
        }
    }

    deinit { close(descriptor) }

    func get(_ target: String, _ headers: String = "") {
        let bytes = Array("GET \(target) HTTP/1.1\r\nHost: test\r\n\(headers)\r\n".utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// One read; false when nothing came within the time, or when the connection is closed.
    @discardableResult
    func read(milliseconds: Int32 = 10_000) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, milliseconds) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            isClosed = true
            return false
        }
        received += buffer[..<count]
        return true
    }

    /// Reads until the text has come; false when it does not.
    func read(until text: String) -> Bool {
        while !String(decoding: received, as: UTF8.self).contains(text) {
            guard read() else { return false }
        }
        return true
    }

    /// Reads until the connection is closed.
    func readToEnd() -> Bool {
        while read() {}
        return isClosed
    }

    var text: String { String(decoding: received, as: UTF8.self) }
}
