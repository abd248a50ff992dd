/// JSON text that is put together piece by piece.
struct JSONText {
    /// What there is so far, UTF-8.
    private(set) var bytes: [UInt8] = []

    /// Adds text as it stands.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes += $0 }
    }

    /// Adds text as it stands.
    mutating func raw(_ text: String) { bytes += text.utf8 }

    /// Adds a string: in quotes, with the escapes that RFC 8259 section 7 asks for.
    mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                raw("\\u00")
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a string, or null.
    mutating func optionalText(_ text: String?) {
        if let text { self.text(text) } else { raw("null") }
    }

    /// Adds true, false or null.
    mutating func boolean(_ value: Bool?) {
        switch value {
        case nil: raw("null")
        case true?: raw("true")
        case false?: raw("false")
        }
    }

    /// Adds a comma, a key and a string.
    mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        text(value)
    }

    /// Adds a comma, a key and a number.
    mutating func number(_ name: StaticString, _ value: Int32) {
        key(name)
        raw(String(value))
    }

    private mutating func key(_ name: StaticString) {
        raw(",\"")
        raw(name)
        raw("\":")
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
