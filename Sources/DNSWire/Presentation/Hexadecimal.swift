/// Octets as pairs of hexadecimal digits.
enum Hexadecimal {
    /// The octets in upper case, as dig writes them.
    static func text(_ octets: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 2)
        for octet in octets {
            text.append(character(octet >> 4))
            text.append(character(octet & 0x0F))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets that the digits stand for, in either case; nothing if their number is odd or another character is among them.
    static func octets(of text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count / 2)
        var iterator = text.makeIterator()
        while let first = iterator.next(), let second = iterator.next() {
            guard let high = digit(first), let low = digit(second) else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }

    /// The value of a digit.
    static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func character(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }
}
