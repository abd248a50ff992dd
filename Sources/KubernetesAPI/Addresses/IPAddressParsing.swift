extension IPAddress {
    /// The address that `text` spells, as strict as Go's `net.ParseIP`, which CoreDNS uses: four decimal fields without
    /// leading zeros, or RFC 4291 section 2.2 text; no zone, no prefix length, no surrounding space. Nil otherwise.
    package init?(_ text: some StringProtocol) {
        self.init(utf8: text.utf8)
    }

    /// The address that these bytes spell; the rules are those of `init(_:)`.
    package init?(utf8 bytes: some Collection<UInt8>) {
        // The longest text is a full IPv6 address with a dotted tail: 6 groups of "ffff:" and "255.255.255.255".
        let longestText = 45
        guard bytes.count >= 2, bytes.count <= longestText else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.parseV6(bytes) else { return nil }
            self.init(high: high, low: low)
        } else {
            guard let value = Self.parseV4(bytes) else { return nil }
            self.init(v4: value)
        }
    }

    private static func parseV4(_ bytes: some Collection<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var field: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | field
                field = 0
                digits = 0
                dots += 1
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            // A leading zero is octal to some readers and decimal to others, so Go refuses it since 1.17.
            if digits > 0, field == 0 { return nil }
            field = field * 10 + UInt32(byte - UInt8(ascii: "0"))
            digits += 1
            guard field <= 255 else { return nil }
        }
        guard dots == 3, digits > 0 else { return nil }
        return value << 8 | field
    }

    private static func parseV6<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> (high: UInt64, low: UInt64)? {
        let colon = UInt8(ascii: ":")
        var address = Groups()
        var index = bytes.startIndex
        if bytes.first == colon {
            // A text may begin with a colon only where it begins with "::".
            bytes.formIndex(after: &index)
            guard index != bytes.endIndex, bytes[index] == colon else { return nil }
            bytes.formIndex(after: &index)
            address.gap = 0
        }
        while index != bytes.endIndex {
            guard address.count < 8 else { return nil }
            let groupStart = index
            var value: UInt16 = 0
            var digits = 0
            while index != bytes.endIndex, let digit = hexDigit(bytes[index]) {
                guard digits < 4 else { return nil }
                value = value << 4 | UInt16(digit)
                digits += 1
                bytes.formIndex(after: &index)
            }
            guard digits > 0 else { return nil }
            if index != bytes.endIndex, bytes[index] == UInt8(ascii: ".") {
                // RFC 4291 section 2.2 form 3: a dotted tail stands for the last two groups.
                guard address.count <= 6, let tail = parseV4(bytes[groupStart...]) else { return nil }
                address.append(UInt16(truncatingIfNeeded: tail >> 16))
                address.append(UInt16(truncatingIfNeeded: tail))
                return address.halves
            }
            address.append(value)
            if index == bytes.endIndex { break }
            guard bytes[index] == colon else { return nil }
            bytes.formIndex(after: &index)
            guard index != bytes.endIndex else { return nil }
            if bytes[index] == colon {
                guard address.gap == nil else { return nil }
                address.gap = address.count
                bytes.formIndex(after: &index)
            }
        }
        return address.halves
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The 16-bit groups of an IPv6 text as they are read, and where its "::" stood.
    private struct Groups {
        /// The groups, packed: the last one read is in the low 16 bits.
        private var packed: UInt128 = 0
        private(set) var count = 0
        /// How many groups stood before "::"; nil while there was none.
        var gap: Int?

        mutating func append(_ group: UInt16) {
            packed = packed << 16 | UInt128(group)
            count += 1
        }

        /// The whole address; nil if there are too few groups, or none left for "::" to stand for.
        var halves: (high: UInt64, low: UInt64)? {
            var whole = packed
            if let gap {
                guard count < 8 else { return nil }
                let tailBits = (count - gap) * 16
                let tail = packed & ((UInt128(1) << tailBits) - 1)
                // With nothing before the gap the shift is 128 bits, which Swift defines as 0.
                whole = (packed >> tailBits) << ((8 - gap) * 16) | tail
            } else if count != 8 {
                return nil
            }
            return (UInt64(truncatingIfNeeded: whole >> 64), UInt64(truncatingIfNeeded: whole))
        }
    }
}
