extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted decimal, or RFC 5952 for IPv6.
    package var description: String {
        switch family {
        case .v4:
            "\(low >> 24 & 0xff).\(low >> 16 & 0xff).\(low >> 8 & 0xff).\(low & 0xff)"
        case .v6:
            v6Text
        }
    }

    private var v6Text: String {
        var text = ""
        text.reserveCapacity(39)
        let gap = longestZeroRun
        var position = 0
        while position < 8 {
            if position == gap.lowerBound, !gap.isEmpty {
                text += "::"
                position = gap.upperBound
                continue
            }
            if position > 0, position != gap.upperBound || gap.isEmpty { text += ":" }
            // RFC 5952 sections 4.1 and 4.3: no leading zeros, lower case.
            text += String(group(position), radix: 16)
            position += 1
        }
        return text
    }

    /// RFC 5952 section 4.2: "::" stands for the longest run of zero groups, the first of equals, never for a single
    /// one.
    private var longestZeroRun: Range<Int> {
        var longest = 0..<0
        var start = 0
        for position in 0..<8 {
            if group(position) != 0 {
                start = position + 1
            } else if position + 1 - start > max(longest.count, 1) {
                longest = start..<(position + 1)
            }
        }
        return longest
    }

    /// The 16-bit group at `position`, 0 to 7.
    private func group(_ position: Int) -> UInt16 {
        let half = position < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64((3 - position & 3) * 16))
    }
}
