/// Decides what an unquoted YAML scalar is.
enum YAMLScalar {
    /// The value of the plain scalar `text` by the core schema of YAML 1.2 (section 10.3.2), which is also how kubectl
    /// reads and writes these: null, true and false, numbers, else text. The words of YAML 1.1 (`yes`, `on`) and `1e3`
    /// are text: nothing that DNS needs is one of those, and writers differ in quoting them.
    static func value(ofPlain text: String) -> TextNode.Value {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .boolean(true)
        case "false", "False", "FALSE": .boolean(false)
        default: isNumber(text) ? .number(text) : .text(text)
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        if digits.starts(with: "0x".utf8) {
            return digits.count > 2
                && digits.dropFirst(2).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        }
        if digits.starts(with: "0o".utf8) {
            return digits.count > 2 && digits.dropFirst(2).allSatisfy { $0 >= 0x30 && $0 < 0x38 }
        }
        let whole = digits.prefix(while: isDigit)
        digits = digits.dropFirst(whole.count)
        guard digits.first == UInt8(ascii: ".") else { return digits.isEmpty && !whole.isEmpty }
        let fraction = digits.dropFirst().prefix(while: isDigit)
        digits = digits.dropFirst(1 + fraction.count)
        guard !whole.isEmpty || !fraction.isEmpty else { return false }
        guard digits.first == UInt8(ascii: "e") || digits.first == UInt8(ascii: "E") else { return digits.isEmpty }
        digits = digits.dropFirst()
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
