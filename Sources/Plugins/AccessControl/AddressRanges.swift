import LinuxIO

/// Addresses in CIDR notation as sorted ranges that do not touch, so that a look-up is a binary search.
struct AddressRanges {
    /// One range of addresses as numbers, both ends in it.
    struct Range: BitwiseCopyable {
        var first: UInt128
        var last: UInt128
    }

    /// IPv4 and IPv6 apart: `::/0` is no IPv4 address (as in Go).
    private(set) var ipv4: [Range] = []
    private(set) var ipv6: [Range] = []

    /// Every address.
    static var all: AddressRanges {
        var ranges = AddressRanges()
        ranges.ipv4 = [Range(first: 0, last: .max)]
        ranges.ipv6 = [Range(first: 0, last: .max)]
        return ranges
    }

    static func number(_ address: SocketAddress) -> UInt128 {
        UInt128(address.high) << 64 | UInt128(address.low)
    }

    /// Adds `ADDRESS` or `ADDRESS/LENGTH`; false where the text is neither.
    mutating func add(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, host.first != "[", !host.contains("%"),
            let address = SocketAddress.parse(host: String(host), port: 0)
        else { return false }
        let isIPv4 = address.family == .ipv4
        let bits = isIPv4 ? 32 : 128
        var length = bits
        if parts.count > 1 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let found = Int(parts[1]),
                found <= bits
            else { return false }
            length = found
        }
        // A shift by all bits gives 0. IPv4 addresses are the last 32 bits.
        let host128: UInt128 = (UInt128(1) << UInt128(bits - length)) &- 1
        let first = Self.number(address) & ~host128
        let range = Range(first: first, last: first | host128)
        if isIPv4 { ipv4.append(range) } else { ipv6.append(range) }
        return true
    }

    /// The ranges in order, those that overlap or touch made one.
    static func merged(_ ranges: [Range]) -> [Range] {
        var merged: [Range] = []
        for range in ranges.sorted(by: { $0.first < $1.first }) {
            if let last = merged.last, last.last == .max || range.first <= last.last + 1 {
                merged[merged.count - 1].last = max(last.last, range.last)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
