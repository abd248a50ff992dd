import CLinux
import Glibc

/// The network interfaces of this machine (of its network namespace).
package enum NetworkInterfaces {
    /// Every interface that has addresses, with them (port 0), in the kernel's order.
    ///
    /// Throws the error of getifaddrs(3).
    package static func addresses() throws(SystemError) -> [String: [SocketAddress]] {
        var found: [String: [SocketAddress]] = [:]
        // SAFETY: the callback runs during the call only, so `found` outlives every use of the pointer to it; the name
        // and the address are valid during the callback.
        let result = withUnsafeMutablePointer(to: &found) { pointer in
            clinux_interface_addresses(pointer) { context, name, address in
                guard let context, let name, let address, let decoded = SocketAddress(address.pointee) else { return }
                context.assumingMemoryBound(to: [String: [SocketAddress]].self)
                    .pointee[String(cString: name), default: []].append(decoded)
            }
        }
        _ = try SystemError.check(result, "getifaddrs")
        return found
    }

    /// The index of the interface with that name, nil when there is none.
    static func index(name: String) -> UInt32? {
        let index = if_nametoindex(name)
        return index == 0 ? nil : index
    }

    /// The name of the interface with that index, nil when there is none.
    static func name(index: UInt32) -> String? {
        // IF_NAMESIZE is 16 (netdevice(7)); room for more does no harm.
        var name = [CChar](repeating: 0, count: 64)
        // SAFETY: if_indextoname writes at most IF_NAMESIZE bytes with the NUL.
        guard if_indextoname(index, &name) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
