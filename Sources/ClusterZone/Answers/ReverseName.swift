import DNSWire
import RecordIndex

/// Names below in-addr.arpa (RFC 1035, section 3.5) and ip6.arpa (RFC 3596, section 2.5).
enum ReverseName {
    static var arpa: StaticString { "\u{4}arpa" }
    static var ipv4: StaticString { "\u{7}in-addr\u{4}arpa" }
    static var ipv6: StaticString { "\u{3}ip6\u{4}arpa" }

    /// The address that the name spells, which lies below one of the two zones; nil where it spells none.
    static func address(_ name: QuestionName, labelCount: Int) -> AddressKey? {
        // SAFETY: labels below `labelCount` and their bytes lie within the name.
        name.bytes[name.offset(ofLabel: labelCount &- 2)] == 7
            ? ipv4Address(name, labels: labelCount &- 2) : ipv6Address(name, labels: labelCount &- 2)
    }

    /// Four labels, each a decimal number up to 255 without leading zeros, the last one first.
    private static func ipv4Address(_ name: QuestionName, labels: Int) -> AddressKey? {
        guard labels == 4 else { return nil }
        var address: UInt32 = 0
        for place in 0..<4 {
            let label = name.bytes + name.offset(ofLabel: 3 &- place)
            let count = Int(label[0])
            guard count <= 3, count == 1 || label[1] != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for index in 1...max(1, count) {
                let digit = label[index] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                number = number &* 10 &+ UInt32(digit)
            }
            guard number <= 255 else { return nil }
            address = address &<< 8 | number
        }
        return AddressKey(ipv4: address)
    }

    /// Thirty-two labels of one hexadecimal digit, the last one first.
    private static func ipv6Address(_ name: QuestionName, labels: Int) -> AddressKey? {
        guard labels == 32 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for place in 0..<32 {
            let label = name.bytes + name.offset(ofLabel: 31 &- place)
            guard label[0] == 1, let digit = DashedAddress.hexadecimal(label[1]) else { return nil }
            if place < 16 { high = high &<< 4 | UInt64(digit) } else { low = low &<< 4 | UInt64(digit) }
        }
        return AddressKey(high: high, low: low)
    }
}

/// The address that a name below in-addr.arpa or ip6.arpa spells; nil where it is none or lies elsewhere.
package func reverseAddress(_ name: QuestionName, labelCount: Int) -> AddressKey? {
    guard labelCount > 2 else { return nil }
    let last = name.bytes + name.offset(ofLabel: labelCount &- 1)
    // SAFETY: the name's buffer has 256 bytes; the last label, with its length and the root behind it, ends the name.
    guard last[0] == 4, equalBytes(last, UnsafeRawPointer(ReverseName.arpa.utf8Start), 5) else { return nil }
    let before = name.bytes + name.offset(ofLabel: labelCount &- 2)
    guard
        equalBytes(before, UnsafeRawPointer(ReverseName.ipv4.utf8Start), 8)
            || equalBytes(before, UnsafeRawPointer(ReverseName.ipv6.utf8Start), 4)
    else { return nil }
    return ReverseName.address(name, labelCount: labelCount)
}
