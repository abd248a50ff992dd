/// Octets in base 64 (RFC 4648).
package enum Base64 {
    /// The octets as part of a URL: without padding (section 5; RFC 8484, section 6).
    package static func urlText(_ octets: some Sequence<UInt8>) -> String {
        let text = text(octets).utf8.compactMap { character -> UInt8? in
            switch character {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case padding: nil
            default: character
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets as text, with padding (section 4).
    static func text(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for octet in octets {
            pending = pending << 8 | UInt32(octet)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(character(UInt8(truncatingIfNeeded: pending >> UInt32(bits)) & 0x3F))
            }
        }
        if bits > 0 { text.append(character(UInt8(truncatingIfNeeded: pending << UInt32(6 - bits)) & 0x3F)) }
        while !text.count.isMultiple(of: 4) { text.append(padding) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets that the text stands for; nothing if a character is foreign, or the padding is missing or wrong.
    static func octets(of text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        let digits = text.reversed().drop { $0 == padding }.reversed()
        let paddingCount = text.count - digits.count
        guard paddingCount <= 2 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count * 3 / 4)
        var pending: UInt32 = 0
        var bits = 0
        for character in digits {
            guard let digit = digit(character) else { return nil }
            pending = pending << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                octets.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        // RFC 4648, section 3.5: the bits left over are zero.
        guard pending & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return octets
    }

    private static var padding: UInt8 { UInt8(ascii: "=") }

    private static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<26: UInt8(ascii: "A") + digit
        case 26..<52: UInt8(ascii: "a") + digit - 26
        case 52..<62: UInt8(ascii: "0") + digit - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
