import Glibc

/// Which loopback addresses the server listens on.
package enum ScriptedLoopback: Sendable {
    case ipv4
    case ipv6
    /// Both, on the same port.
    case both
}

/// Listening sockets of one port.
struct Listener {
    let descriptors: [Int32]
    let port: UInt16

    /// How often another port is tried where only one of the two addresses has it free.
    private static let attempts = 20

    /// - Parameter port: 0 for one that is free.
    init(_ loopback: ScriptedLoopback, port: UInt16) throws(ScriptedAPIError) {
        for attempt in 1... {
            do throws(ScriptedAPIError) {
                self = try Listener(once: loopback, port: port)
                return
            } catch {
                if port != 0 || attempt >= Self.attempts { throw error }
            }
        }
        throw ScriptedAPIError("no port is free")
    }

    private init(once loopback: ScriptedLoopback, port: UInt16) throws(ScriptedAPIError) {
        var port = port
        var opened: [Int32] = []
        do throws(ScriptedAPIError) {
            if loopback != .ipv6 { opened.append(try Self.open(isIPv6: false, &port)) }
            if loopback != .ipv4 { opened.append(try Self.open(isIPv6: true, &port)) }
        } catch {
            for descriptor in opened { Glibc.close(descriptor) }
            throw error
        }
        descriptors = opened
        self.port = port
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }

    private static func open(isIPv6: Bool, _ port: inout UInt16) throws(ScriptedAPIError) -> Int32 {
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ScriptedAPIError.call("socket") }
        setNonBlocking(descriptor)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var storage = sockaddr_storage()
        var length: socklen_t
        if isIPv6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4)
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
        }
        // SAFETY: sockaddr_storage has room for the address of any family, and is laid out to be used as a sockaddr.
        let failed = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) != 0 || listen(descriptor, SOMAXCONN) != 0
                    || getsockname(descriptor, generic, &length) != 0
            }
        }
        if failed {
            let error = ScriptedAPIError.call("listening on \(isIPv6 ? "::1" : "127.0.0.1") port \(port)")
            Glibc.close(descriptor)
            throw error
        }
        // The port is at the same place in both.
        port = UInt16(bigEndian: withUnsafeBytes(of: &storage) { $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self) })
        return descriptor
    }
}
