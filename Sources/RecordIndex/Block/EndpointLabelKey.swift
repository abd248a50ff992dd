/// A label as one number: its length in the first byte, then its first 15 bytes. Numbers order labels as blocks do, shorter
/// ones first and then by bytes; only labels longer than 15 bytes need more than the number.
package struct EndpointLabelKey: Hashable, Comparable, Sendable {
    /// Bytes of a label that the number holds: an IPv4 address with dashes has no more.
    static let wholeLength = 15

    let value: UInt128

    /// The key of a label of at most 63 bytes, without its length byte.
    package init(_ label: UnsafeRawBufferPointer) { self.init(label, length: label.count) }

    /// - Parameters:
    ///   - bytes: what is to stand behind the length.
    ///   - length: the whole label's.
    init(_ bytes: UnsafeRawBufferPointer, length: Int) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        let count = min(bytes.count, Self.wholeLength)
        var place = 0
        while place < count, place < 7 {
            high |= UInt64(bytes[place]) &<< UInt64(truncatingIfNeeded: 48 &- place &* 8)
            place &+= 1
        }
        while place < count {
            low |= UInt64(bytes[place]) &<< UInt64(truncatingIfNeeded: 56 &- (place &- 7) &* 8)
            place &+= 1
        }
        value = (UInt128(length) &<< 56 | UInt128(high)) &<< 64 | UInt128(low)
    }

    /// The key of an IPv4 address with dashes for dots, as in `10-0-0-1`.
    package init(dashed ipv4: UInt32) {
        var value: UInt128 = 0
        var length: UInt128 = 0
        var shift: UInt32 = 24
        while true {
            let octet = ipv4 &>> shift & 0xFF
            if octet >= 100 { Self.append(octet / 100, &value, &length) }
            if octet >= 10 { Self.append(octet / 10 % 10, &value, &length) }
            Self.append(octet % 10, &value, &length)
            if shift == 0 { break }
            value = value &<< 8 | UInt128(truncatingIfNeeded: UInt8(ascii: "-"))
            length &+= 1
            shift &-= 8
        }
        self.value = length &<< 120 | value &<< ((15 &- length) &* 8)
    }

    @inline(__always)
    private static func append(_ digit: UInt32, _ value: inout UInt128, _ length: inout UInt128) {
        value = value &<< 8 | UInt128(truncatingIfNeeded: digit &+ 0x30)
        length &+= 1
    }

    /// Length of the label in bytes.
    var length: Int { Int(truncatingIfNeeded: value &>> 120) }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
