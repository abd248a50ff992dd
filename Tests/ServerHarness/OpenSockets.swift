import Foundation
import Glibc
import LinuxIO

/// Counts this process's sockets by a port that only one test has to do with: what else runs meanwhile is not counted.
package enum OpenSockets {
    /// UDP sockets and TCP connections to an address. A test's upstream has both its ports to itself.
    package static func to(_ address: SocketAddress) -> Int {
        descriptors.count { port($0, getpeername) == address.port }
    }

    /// TCP connections to an address, as that end has them.
    package static func accepted(at address: SocketAddress) -> Int {
        descriptors.count { port($0, getsockname) == address.port && port($0, getpeername) != nil }
    }

    /// How long the connections to an address may have bytes unacknowledged, in milliseconds (tcp(7): TCP_USER_TIMEOUT).
    package static func unacknowledgedLimits(to address: SocketAddress) -> [Int32] {
        descriptors.filter { port($0, getpeername) == address.port }.map { descriptor in
            var limit: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            let result = getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &limit, &size)
            return result == 0 ? limit : -1
        }
    }

    /// All that are open. Some may be closed, or be another's, before they are looked at.
    private static var descriptors: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
    }

    /// The port of one end; nil where the descriptor is no socket, or has no such end.
    private static func port(
        _ descriptor: Int32,
        _ name: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) -> UInt16? {
        // The port stands at the same place in both families' form.
        var form = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &size) }
        }
        let isInternet = form.sin6_family == sa_family_t(AF_INET) || form.sin6_family == sa_family_t(AF_INET6)
        return result == 0 && isInternet ? UInt16(bigEndian: form.sin6_port) : nil
    }
}
