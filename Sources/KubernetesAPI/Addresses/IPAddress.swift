/// An IPv4 or IPv6 address as a trivial value: no reference, no allocation, three words.
///
/// An IPv4 address lives in the low 32 bits of `low`. An IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) is held as IPv4,
/// because CoreDNS decides between A and AAAA by Go's `IP.To4`, which does the same.
package struct IPAddress: Sendable, Hashable, BitwiseCopyable {
    /// Which of the two address families an address belongs to.
    package enum Family: UInt8, Sendable, Hashable, BitwiseCopyable {
        case v4 = 4
        case v6 = 6
    }

    /// The address family.
    package let family: Family
    /// The first eight octets of an IPv6 address, most significant first; 0 for IPv4.
    package let high: UInt64
    /// The last eight octets of an IPv6 address, or the four octets of an IPv4 address in the low half.
    package let low: UInt64

    /// The IPv4 address whose octets are those of `v4`, most significant first.
    package init(v4: UInt32) {
        family = .v4
        high = 0
        low = UInt64(v4)
    }

    /// The IPv6 address with these halves; IPv4 where the halves are an IPv4-mapped address (RFC 4291 section 2.5.5.2).
    package init(high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xffff {
            self.init(v4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(v6High: high, low: low)
        }
    }

    private init(v6High: UInt64, low: UInt64) {
        family = .v6
        high = v6High
        self.low = low
    }

    /// The address with these 4 or 16 octets in network order; nil for any other count.
    package init?(octets: some Collection<UInt8>) {
        switch octets.count {
        case 4:
            self.init(v4: octets.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            let low = octets.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
            self.init(high: high, low: low)
        default:
            return nil
        }
    }

    /// The octets in network order, 4 or 16 of them.
    package var octets: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(16)
        if family == .v6 {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: high >> shift))
            }
        }
        for shift in stride(from: family == .v6 ? UInt64(56) : 24, through: 0, by: -8) {
            result.append(UInt8(truncatingIfNeeded: low >> shift))
        }
        return result
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by the octets.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.high, left.low) < (right.family.rawValue, right.high, right.low)
    }
}
