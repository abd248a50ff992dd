import Glibc

extension SocketAddress {
    /// The longest text looked at: an IPv6 address with brackets, an interface name and a port is shorter.
    private static let textLimit = 128

    /// An address without a port: "1.2.3.4", "::1", "[::1]", "fe80::1%eth0"; nil for anything else.
    package static func parse(host text: String, port: UInt16) -> SocketAddress? {
        guard text.utf8.count <= textLimit, !text.utf8.contains(0) else { return nil }
        var host = Substring(text)
        if host.first == "[" {
            guard host.last == "]" else { return nil }
            host = host.dropFirst().dropLast()
            // RFC 3986 section 3.2.2: brackets are for IPv6 only.
            guard host.contains(":") else { return nil }
        }
        var ipv4 = in_addr()
        // SAFETY: inet_pton writes 4 bytes to an in_addr; the text has no NUL inside.
        if inet_pton(AF_INET, String(host), &ipv4) == 1 {
            return SocketAddress(ipv4: UInt32(bigEndian: ipv4.s_addr), port: port)
        }
        var scope: UInt32 = 0
        if let percent = host.firstIndex(of: "%") {
            // RFC 4007 section 11: the zone follows a "%"; a name or a number of an interface.
            let zone = String(host[host.index(after: percent)...])
            guard let index = UInt32(zone) ?? NetworkInterfaces.index(name: zone), index != 0 else { return nil }
            scope = index
            host = host[..<percent]
        }
        var ipv6 = in6_addr()
        // SAFETY: inet_pton writes 16 bytes to an in6_addr.
        guard inet_pton(AF_INET6, String(host), &ipv6) == 1 else { return nil }
        return withUnsafeBytes(of: ipv6) { bytes in
            SocketAddress(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: port,
                scope: scope)
        }
    }

    /// An address with or without a port; what is left out comes from the defaults.
    ///
    /// - "1.2.3.4", "::1", "[::1]": `defaultPort`
    /// - "1.2.3.4:53", "[::1]:53", "localhost:9153": as written; localhost is 127.0.0.1 without asking a resolver
    /// - ":8080": `defaultHost`, or every address of the machine when that is nil
    ///
    /// nil for anything else, and when a port is missing and there is no default.
    package static func parse(
        _ text: String, defaultHost: SocketAddress? = nil, defaultPort: UInt16? = nil
    ) -> SocketAddress? {
        guard text.utf8.count <= textLimit else { return nil }
        if let defaultPort, let address = named(text[...], port: defaultPort) { return address }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        guard let port = port(text[text.index(after: colon)...]) else { return nil }
        if host.isEmpty { return defaultHost?.withPort(port) ?? wildcard(port: port) }
        // "1:2:3" is no host and port: an IPv6 address with a port needs brackets (RFC 5952 section 6).
        if host.contains(":"), host.first != "[" { return nil }
        return named(host, port: port)
    }

    private static func named(_ host: Substring, port: UInt16) -> SocketAddress? {
        host == "localhost" ? loopback(port: port) : parse(host: String(host), port: port)
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return UInt16(text)
    }
}
