/// An IPv4 or IPv6 address as 16 bytes. IPv4 takes its mapped form `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2), which
/// makes both kinds one key.
public struct AddressKey: Hashable, Sendable {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes, most significant first.
    public let low: UInt64

    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter ipv4: the address as a number: 10.0.0.1 is 0x0A000001.
    @inlinable public init(ipv4: UInt32) {
        high = 0
        low = 0x0000_FFFF_0000_0000 | UInt64(ipv4)
    }

    @inlinable public var isIPv4: Bool { high == 0 && low &>> 32 == 0xFFFF }

    /// The IPv4 address as a number, where it is one.
    @inlinable public var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }
}

extension AddressKey: Comparable {
    /// Numeric order, IPv4 before most of IPv6.
    @inlinable public static func < (left: AddressKey, right: AddressKey) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}
