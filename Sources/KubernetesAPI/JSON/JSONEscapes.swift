/// Resolves the escapes of a JSON string (RFC 8259 section 7).
enum JSONEscapes {
    /// The bytes of `escaped` with its escapes resolved. Half of a surrogate pair becomes U+FFFD, as in Go's
    /// encoding/json. `start` is where the string begins, for an error.
    static func resolved(_ escaped: ArraySlice<UInt8>, at start: TextPosition) throws(NodeFault) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(escaped.count)
        var rest = escaped
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let letter = rest.popFirst()
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter ?? 0)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0c)
            case UInt8(ascii: "n"): result.append(0x0a)
            case UInt8(ascii: "r"): result.append(0x0d)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard let unit = takeUnit(&rest) else { throw NodeFault(start, "\\u without four hex digits") }
                result.append(contentsOf: utf8(of: scalar(from: unit, &rest)))
            default:
                throw NodeFault(
                    start, "an unknown escape in text, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
            }
        }
        return result
    }

    /// The character that begins with the UTF-16 code unit `unit`; takes the other half of a pair from `rest`.
    private static func scalar(from unit: UInt16, _ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        if let scalar = Unicode.Scalar(unit) { return scalar }
        var ahead = rest
        guard UTF16.isLeadSurrogate(unit), ahead.popFirst() == UInt8(ascii: "\\"),
            ahead.popFirst() == UInt8(ascii: "u"), let low = takeUnit(&ahead), UTF16.isTrailSurrogate(low)
        else { return "\u{fffd}" }
        rest = ahead
        return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(low) - 0xdc00)) ?? "\u{fffd}"
    }

    /// Four hex digits.
    private static func takeUnit(_ rest: inout ArraySlice<UInt8>) -> UInt16? {
        guard rest.count >= 4 else { return nil }
        let digits = rest.prefix(4)
        // UInt16(_:radix:) would take a sign too.
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        rest = rest.dropFirst(4)
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func utf8(of scalar: Unicode.Scalar) -> [UInt8] {
        Array(String(Character(scalar)).utf8)
    }
}
