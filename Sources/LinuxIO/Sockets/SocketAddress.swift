import CLinux
import Glibc

/// An IPv4 or IPv6 address with a port: a trivial value, to be copied without reference counting.
///
/// IPv4 is kept in its v4-mapped form (RFC 4291 section 2.5.5.2), so that `high` and `low` compare over both families;
/// v4-mapped IPv6 addresses, as a dual-stack socket presents IPv4 clients, are IPv4 here.
package struct SocketAddress: Hashable, Sendable, BitwiseCopyable {
    /// The address family.
    package enum Family: UInt8, Sendable, BitwiseCopyable {
        case ipv4 = 4
        case ipv6 = 6
    }

    /// The first eight bytes of the address as a number; 0 for IPv4.
    package let high: UInt64
    /// The last eight bytes of the address as a number; 0x0000ffff_aabbccdd for IPv4.
    package let low: UInt64
    /// The interface index of a link-local IPv6 address, otherwise 0.
    package let scope: UInt32
    /// The port, 0 to 65535, as a number.
    package var port: UInt16
    /// IPv4 or IPv6.
    package let family: Family

    /// An IPv4 address given as a number: 0x7f000001 is 127.0.0.1.
    package init(ipv4: UInt32, port: UInt16) {
        high = 0
        low = 0xffff_0000_0000 | UInt64(ipv4)
        scope = 0
        self.port = port
        family = .ipv4
    }

    /// An IPv6 address given as two numbers; a v4-mapped one becomes IPv4.
    package init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.port = port
        let mapped = high == 0 && low >> 32 == 0xffff
        family = mapped ? .ipv4 : .ipv6
        self.scope = mapped ? 0 : scope
    }

    init?(_ address: clinux_address) {
        guard let family = Family(rawValue: UInt8(truncatingIfNeeded: address.family)) else { return nil }
        high = address.high
        low = address.low
        scope = address.scope
        port = address.port
        self.family = family
    }

    /// The address of CLinux with the same meaning.
    var encoded: clinux_address {
        clinux_address(high: high, low: low, scope: scope, port: port, family: UInt16(family.rawValue))
    }

    /// Every address of this machine, of both families, on `port`: "::".
    package static func wildcard(port: UInt16) -> SocketAddress {
        SocketAddress(high: 0, low: 0, port: port)
    }

    /// 127.0.0.1 on `port`.
    package static func loopback(port: UInt16) -> SocketAddress {
        SocketAddress(ipv4: 0x7f00_0001, port: port)
    }

    /// The address as a number when it is IPv4.
    package var ipv4: UInt32? {
        family == .ipv4 ? UInt32(truncatingIfNeeded: low) : nil
    }

    /// The address in network order: 4 or 16 bytes.
    package var bytes: [UInt8] {
        if let ipv4 {
            return (0..<4).map { UInt8(truncatingIfNeeded: ipv4 >> (24 - 8 * UInt32($0))) }
        }
        return (0..<16).map { index in
            UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - 8 * (index % 8)))
        }
    }

    /// In 127.0.0.0/8, or ::1.
    package var isLoopback: Bool {
        family == .ipv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1
    }

    /// 0.0.0.0 or "::".
    package var isWildcard: Bool {
        family == .ipv4 ? low & 0xffff_ffff == 0 : high == 0 && low == 0
    }

    /// In 169.254.0.0/16 or fe80::/10.
    package var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 & 0xffff == 0xa9fe : high >> 54 == 0x3fa
    }

    /// The same address with another port.
    package func withPort(_ port: UInt16) -> SocketAddress {
        var copy = self
        copy.port = port
        return copy
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The address without port and brackets, as RFC 5952 writes it: "10.0.0.1", "fe80::1%eth0".
    package var host: String {
        // INET6_ADDRSTRLEN, which Glibc does not always export: the longest text of an IPv6 address and its NUL.
        var text = [CChar](repeating: 0, count: 46)
        let address = bytes
        let kind = family == .ipv4 ? AF_INET : AF_INET6
        // SAFETY: `address` holds the 4 or 16 bytes of its family, `text` has room for the longest text.
        guard inet_ntop(kind, address, &text, socklen_t(text.count)) != nil else { return "?" }
        let plain = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard scope != 0 else { return plain }
        return "\(plain)%\(NetworkInterfaces.name(index: scope) ?? String(scope))"
    }

    /// The address with its port: "10.0.0.1:53", "[::1]:53".
    package var description: String {
        family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}
