import DNSWire
import LinuxIO

/// The IPv6 prefix that IPv4 addresses are put behind (RFC 6052, section 2).
struct NAT64Prefix: Sendable, Equatable {
    /// The well-known prefix 64:ff9b::/96 (RFC 6052, section 2.1).
    static let wellKnown = NAT64Prefix(bytes: [0, 0x64, 0xff, 0x9b] + Array(repeating: 0, count: 8))

    /// The prefix: 4 to 12 bytes.
    private let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `ADDRESS/LENGTH`, bits behind the length left out.
    ///
    /// - Returns: nil for what is none, or whose length is not one of 32, 40 and so on up to 96, as CoreDNS takes them.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first != "[", !parts[0].contains("%"), parts[0].contains(":"),
            let address = SocketAddress.parse(host: String(parts[0]), port: 0), address.family == .ipv6,
            parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let length = Int(parts[1]),
            length % 8 == 0, (32...96).contains(length)
        else { return nil }
        bytes = Array(address.bytes.prefix(length / 8))
    }

    /// The IPv6 address that stands for an IPv4 address: behind the prefix, with the bits 64 to 71 left zero (RFC 6052,
    /// section 2.2).
    func address(_ address: IPv4Address) -> IPv6Address {
        var octets = bytes
        for shift in [24, 16, 8, 0] {
            if octets.count == 8 { octets.append(0) }
            octets.append(UInt8(truncatingIfNeeded: address.bits >> UInt32(shift)))
        }
        octets += Array(repeating: 0, count: max(0, 16 - octets.count))
        var words: (high: UInt64, low: UInt64) = (0, 0)
        for octet in octets.prefix(8) { words.high = words.high << 8 | UInt64(octet) }
        for octet in octets.dropFirst(8).prefix(8) { words.low = words.low << 8 | UInt64(octet) }
        return IPv6Address(high: words.high, low: words.low)
    }
}
