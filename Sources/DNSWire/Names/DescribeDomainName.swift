extension DomainName: CustomStringConvertible {
    /// The name in presentation form, with a dot at the end. Characters that mean something in a zone file (`. ' @ ; ( ) " \` and
    /// blank) get a backslash, octets outside printable ASCII become `\DDD`: the form that CoreDNS logs. (dig writes a blank as
    /// `\032` and escapes `$`, not `'`; both read back as the same name.)
    package var description: String {
        guard !isRoot else { return "." }
        var text: [UInt8] = []
        text.reserveCapacity(wire.count)
        for label in labels {
            for octet in label { OctetEscaping.append(octet, escaping: Self.isSpecial, to: &text) }
            text.append(UInt8(ascii: "."))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a printable character of a label needs a backslash.
    private static func isSpecial(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "'"), UInt8(ascii: "@"), UInt8(ascii: ";"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
            true
        default: false
        }
    }
}
