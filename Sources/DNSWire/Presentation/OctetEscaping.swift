/// The escapes of presentation text: `\DDD` and `\X` (RFC 1035, section 5.1).
enum OctetEscaping {
    /// Appends an octet as text: as `\DDD` outside printable ASCII, with a backslash if `isSpecial` says so, else as it is.
    static func append(_ octet: UInt8, escaping isSpecial: (UInt8) -> Bool, to text: inout [UInt8]) {
        switch octet {
        case 0x20...0x7E:
            if isSpecial(octet) { text.append(UInt8(ascii: "\\")) }
            text.append(octet)
        default:
            let zero = UInt8(ascii: "0")
            text += [UInt8(ascii: "\\"), zero + octet / 100, zero + octet / 10 % 10, zero + octet % 10]
        }
    }

    /// A character string as it stands in a zone file: in quotes, with `"` and `\` escaped.
    static func quoted(_ octets: some Sequence<UInt8>) -> String {
        var text = [UInt8(ascii: "\"")]
        for octet in octets {
            append(octet, escaping: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }, to: &text)
        }
        text.append(UInt8(ascii: "\""))
        return String(decoding: text, as: UTF8.self)
    }

    /// The octets that text with escapes stands for, or nothing if an escape is broken: a backslash at the end, or before a digit
    /// that does not begin three digits of at most 255.
    static func octets(of text: some Collection<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let octet = iterator.next() {
            guard octet == UInt8(ascii: "\\") else {
                octets.append(octet)
                continue
            }
            guard let value = escaped(&iterator) else { return nil }
            octets.append(value)
        }
        return octets
    }

    /// The octet that an escape stands for, or nothing if the escape is broken; the backslash has been read.
    static func escaped(_ iterator: inout some IteratorProtocol<UInt8>) -> UInt8? {
        guard let first = iterator.next() else { return nil }
        guard let hundreds = digit(first) else { return first }
        guard let tens = iterator.next().flatMap(digit), let ones = iterator.next().flatMap(digit) else { return nil }
        return UInt8(exactly: hundreds * 100 + tens * 10 + ones)
    }

    /// The value of a decimal digit.
    static func digit(_ octet: UInt8) -> Int? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(octet - UInt8(ascii: "0"))
        default: nil
        }
    }
}
