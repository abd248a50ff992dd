/// An IPv6 address: the data of an AAAA record (RFC 3596, section 2.2).
package struct IPv6Address: Hashable, Sendable {
    /// The first eight octets, the first one highest.
    package let high: UInt64
    /// The last eight octets.
    package let low: UInt64

    @inlinable package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// One of the eight groups of 16 bits, counted from the left.
    func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index & 3)))
    }
}

extension IPv6Address: CustomStringConvertible {
    /// The canonical form of RFC 5952: lower case, no leading zeros, `::` for the longest run of at least two zero groups (the
    /// first of equals), and an IPv4-mapped address with its last 32 bits dotted (section 5).
    package var description: String {
        if high == 0, low >> 32 == 0xFFFF {
            return "::ffff:\(IPv4Address(bits: UInt32(truncatingIfNeeded: low)))"
        }
        let run = longestZeroRun
        var text = ""
        var index = 0
        while index < 8 {
            if index == run.lowerBound, !run.isEmpty {
                text += "::"
                index = run.upperBound
                continue
            }
            if !text.isEmpty, !text.hasSuffix(":") { text += ":" }
            text += String(group(index), radix: 16)
            index += 1
        }
        return text
    }

    /// The groups that `::` stands for; empty if no two zero groups are neighbours (RFC 5952, section 4.2).
    private var longestZeroRun: Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0..<8 {
            guard group(index) == 0 else {
                start = index + 1
                continue
            }
            if index + 1 - start > max(longest.count, 1) { longest = start..<(index + 1) }
        }
        return longest
    }

    /// An address from any of the forms of RFC 4291, section 2.2, without a zone index.
    package init?(parsing text: some StringProtocol) {
        self.init(octets: text.utf8)
    }

    /// The same, from the octets of the text.
    init?(octets text: some Collection<UInt8>) {
        guard text.count <= Self.longestText else { return nil }
        let parts = Array(text).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if part.isEmpty {
                // "::" splits into one empty part in the middle, two at an end, three on its own; a lone ":" at an end is wrong.
                if index == 0 {
                    guard parts[1].isEmpty else { return nil }
                } else if isLast {
                    guard parts[index - 1].isEmpty else { return nil }
                } else {
                    guard gap == nil else { return nil }
                    gap = groups.count
                }
            } else if isLast, part.contains(UInt8(ascii: ".")) {
                guard let address = IPv4Address(octets: part) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: address.bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: address.bits))
            } else {
                guard let group = Self.group(part) else { return nil }
                groups.append(group)
            }
        }
        if let gap {
            // "::" stands for at least one group (RFC 4291, section 2.2).
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        self.init(
            high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }

    /// The number that one to four hexadecimal digits stand for.
    private static func group(_ text: some Collection<UInt8>) -> UInt16? {
        guard (1...4).contains(text.count) else { return nil }
        var group: UInt16 = 0
        for octet in text {
            guard let digit = Hexadecimal.digit(octet) else { return nil }
            group = group << 4 | UInt16(digit)
        }
        return group
    }

    /// Most characters of the text: six groups of four digits, six colons and a dotted address of 15.
    private static var longestText: Int { 45 }
}
