import Foundation
import Glibc
import Synchronization

/// A server on a port of its own that answers each connection by a script; blocking sockets, a thread for each.
final class PlainServer: Sendable {
    /// A connection that the script talks on. Reading ends when the server stops.
    struct Connection {
        let descriptor: Int32

        /// The head of the next request; nil when there is none.
        func request() -> String? {
            var text = ""
            var byte: UInt8 = 0
            while text.utf8.count < 1 << 16, read(descriptor, &byte, 1) == 1 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
                if text.hasSuffix("\r\n\r\n") { return text }
            }
            return nil
        }

        /// Writes text as it is.
        func send(_ text: String) {
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                bytes = bytes.dropFirst(count)
            }
        }

        /// Waits for the other side, or the server's stop, to close.
        func waitForEnd() {
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) > 0 {}
        }
    }

    let port: UInt16
    private let listener: Int32
    private let heads = Mutex<[String]>([])
    private let open = Mutex<Set<Int32>>([])
    private let accepted = Atomic<Int>(0)

    /// The heads of the requests so far.
    var requests: [String] { heads.withLock { $0 } }
    /// Connections so far.
    var connections: Int { accepted.load(ordering: .sequentiallyConsistent) }

    /// Serves on 127.0.0.1, or ::1, until `stop`. The script is called with each connection's first and further requests;
    /// false ends the connection. The greeting is sent to whoever connects.
    init?(ipv6: Bool = false, greeting: String = "", _ script: @escaping @Sendable (Connection, String) -> Bool) {
        let descriptor = socket(ipv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var number: UInt16 = 0
        if ipv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_addr = in6addr_loopback
            number = Self.bind(descriptor, &address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            number = Self.bind(descriptor, &address)
        }
        guard number != 0, listen(descriptor, 16) == 0 else {
            close(descriptor)
            return nil
        }
        listener = descriptor
        port = number
        Foundation.Thread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else {
                    // Here and not in stop: its number would be another's while this thread accepts on it.
                    close(descriptor)
                    return
                }
                accepted.add(1, ordering: .sequentiallyConsistent)
                open.withLock { _ = $0.insert(connection) }
                Foundation.Thread { [self] in
                    let talk = Connection(descriptor: connection)
                    talk.send(greeting)
                    while let head = talk.request() {
                        heads.withLock { $0.append(head) }
                        guard script(talk, head) else { break }
                    }
                    open.withLock { if $0.remove(connection) != nil { close(connection) } }
                }.start()
            }
        }.start()
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
    }

    private static func bind<Address>(_ descriptor: Int32, _ address: inout Address) -> UInt16 {
        var length = socklen_t(MemoryLayout<Address>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                guard Glibc.bind(descriptor, general, length) == 0, getsockname(descriptor, general, &length) == 0
                else { return 0 }
                // The port stands at the same place in both families.
                return UnsafeRawPointer(general).loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian
            }
        }
    }
}
