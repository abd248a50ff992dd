import RecordIndex

/// Addresses spelt as labels: `10-1-2-3` and `2001-db8--1`.
package enum DashedAddress {
    /// The address that the `count` bytes at `label` (lower case) spell.
    ///
    /// CoreDNS's rule: three dashes, none of them doubled, are the dots of an IPv4 address; in all other cases dashes are
    /// the colons of an IPv6 address. What the result must look like is Go's net.ParseIP.
    package static func parse(_ label: UnsafePointer<UInt8>, _ count: Int) -> AddressKey? {
        var dashes = 0
        var hasDouble = false
        var index = 0
        // SAFETY: every access is below `count`, the label's length.
        while index < count {
            if label[index] == UInt8(ascii: "-") {
                dashes &+= 1
                if index > 0, label[index &- 1] == UInt8(ascii: "-") { hasDouble = true }
            }
            index &+= 1
        }
        return dashes == 3 && !hasDouble ? parseIPv4(label, count) : parseIPv6(label, count)
    }

    /// Four decimal numbers up to 255 without leading zeros.
    private static func parseIPv4(_ label: UnsafePointer<UInt8>, _ count: Int) -> AddressKey? {
        var address: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var index = 0
        while index <= count {
            if index == count || label[index] == UInt8(ascii: "-") {
                guard digits > 0 else { return nil }
                address = address &<< 8 | number
                number = 0
                digits = 0
            } else {
                let digit = label[index] &- UInt8(ascii: "0")
                guard digit < 10, digits == 0 || number > 0 else { return nil }
                number = number &* 10 &+ UInt32(digit)
                digits &+= 1
                guard number <= 255 else { return nil }
            }
            index &+= 1
        }
        return AddressKey(ipv4: address)
    }

    /// Up to eight groups of up to four hexadecimal digits, with at most one double dash for a run of zero groups.
    private static func parseIPv6(_ label: UnsafePointer<UInt8>, _ count: Int) -> AddressKey? {
        var before: (high: UInt64, low: UInt64) = (0, 0)
        var groups = 0
        var gap = -1
        var index = 0
        let dash = UInt8(ascii: "-")
        if count >= 2, label[0] == dash, label[1] == dash {
            gap = 0
            index = 2
        }
        while index < count {
            var number: UInt64 = 0
            var digits = 0
            while index < count, let digit = hexadecimal(label[index]) {
                number = number &<< 4 | UInt64(digit)
                digits &+= 1
                index &+= 1
                if digits > 4 { return nil }
            }
            guard digits > 0, groups < 8 else { return nil }
            before = (before.high &<< 16 | before.low &>> 48, before.low &<< 16 | number)
            groups &+= 1
            if index == count { break }
            guard label[index] == dash else { return nil }
            index &+= 1
            if index < count, label[index] == dash {
                guard gap < 0 else { return nil }
                gap = groups
                index &+= 1
            } else if index == count {
                return nil
            }
        }
        if gap < 0 { return groups == 8 ? AddressKey(high: before.high, low: before.low) : nil }
        guard groups < 8 else { return nil }
        return expand(before.high, before.low, groups: groups, gap: gap)
    }

    /// Puts the zero groups of the gap between the first `gap` groups and the rest.
    private static func expand(_ high: UInt64, _ low: UInt64, groups: Int, gap: Int) -> AddressKey {
        var address: (high: UInt64, low: UInt64) = (0, 0)
        for place in 0..<8 {
            let source: Int
            if place < gap {
                source = place
            } else if place >= 8 &- (groups &- gap) {
                source = place &- (8 &- groups)
            } else {
                source = -1
            }
            var group: UInt64 = 0
            if source >= 0 {
                // Group `source` of `groups`, which stand at the low end of the 128 bits.
                let shift = UInt64(truncatingIfNeeded: (groups &- 1 &- source) &* 16)
                group = (shift >= 64 ? high &>> (shift &- 64) : low &>> shift) & 0xFFFF
            }
            address = (address.high &<< 16 | address.low &>> 48, address.low &<< 16 | group)
        }
        return AddressKey(high: address.high, low: address.low)
    }

    /// The value of a hexadecimal digit in lower case.
    @inline(__always)
    static func hexadecimal(_ octet: UInt8) -> UInt8? {
        if octet &- UInt8(ascii: "0") < 10 { return octet &- UInt8(ascii: "0") }
        if octet &- UInt8(ascii: "a") < 6 { return octet &- UInt8(ascii: "a") &+ 10 }
        return nil
    }
}
