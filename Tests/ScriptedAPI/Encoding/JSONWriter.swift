/// Writes JSON as Go's encoder does: no spaces, `<`, `>` and `&` escaped.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func key(_ name: String) {
        separate()
        text(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A value: of a key that was just written, or of an array.
    mutating func string(_ value: String) {
        separate()
        text(value)
    }

    mutating func literal(_ value: String) {
        separate()
        raw(value)
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array<Element>(_ elements: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        for element in elements { body(&self, element) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func field(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Left out when it is empty (`omitempty`).
    mutating func nonEmpty(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { field(name, value) }
    }

    mutating func number(_ name: String, _ value: Int64) {
        key(name)
        literal(String(value))
    }

    mutating func nonZero(_ name: String, _ value: Int64) {
        if value != 0 { number(name, value) }
    }

    mutating func flag(_ name: String, _ value: Bool?) {
        guard let value else { return }
        key(name)
        literal(value ? "true" : "false")
    }

    mutating func strings(_ name: String, _ values: [String]) {
        if values.isEmpty { return }
        key(name)
        array(values) { $0.string($1) }
    }

    mutating func map(_ name: String, _ values: [String: String]) {
        if values.isEmpty { return }
        key(name)
        object { writer in
            for key in values.keys.sorted() { writer.field(key, values[key] ?? "") }
        }
    }

    mutating func list<Element>(_ name: String, _ values: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        if values.isEmpty { return }
        key(name)
        array(values) { writer, element in writer.object { body(&$0, element) } }
    }

    private mutating func text(_ value: String) {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        bytes.append(quote)
        for byte in value.utf8 {
            switch byte {
            case quote, backslash:
                bytes.append(backslash)
                bytes.append(byte)
            case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                raw(byte < 0x10 ? "\\u000" : "\\u00")
                raw(String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(quote)
    }
}
