/// Reads the text of a label selector by the grammar of k8s.io/apimachinery's `labels.Parse`.
struct LabelSelectorParser {
    private let bytes: [UInt8]
    private var position = 0
    private var token = LabelSelectorToken(kind: .end, text: "", offset: 0)

    /// A parser of the selector whose UTF-8 bytes these are.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads the whole text.
    mutating func parse() throws(LabelSelectorError) -> [LabelRequirement] {
        var requirements: [LabelRequirement] = []
        advance()
        if token.kind == .end { return requirements }
        while true {
            requirements.append(try requirement())
            if token.kind == .end { return requirements }
            guard token.kind == .comma else { throw unexpected("a comma or the end") }
            advance()
        }
    }

    private mutating func requirement() throws(LabelSelectorError) -> LabelRequirement {
        if token.kind == .bang {
            advance()
            let key = try key()
            return LabelRequirement(key: key, condition: .absent)
        }
        let key = try key()
        let condition: LabelRequirement.Condition
        switch token.kind {
        case .comma, .end:
            condition = .present
        case .equals:
            advance()
            condition = .oneOf([try exactValue()])
        case .notEquals:
            advance()
            condition = .noneOf([try exactValue()])
        case .word where token.text == "in":
            advance()
            condition = .oneOf(try valueList())
        case .word where token.text == "notin":
            advance()
            condition = .noneOf(try valueList())
        default:
            // apimachinery's ParseToLabelSelector, which CoreDNS calls, refuses > and < of node selectors.
            throw unexpected("one of = == != in notin, a comma or the end")
        }
        return LabelRequirement(key: key, condition: condition)
    }

    private mutating func key() throws(LabelSelectorError) -> String {
        guard token.kind == .word else { throw unexpected("a label key") }
        guard LabelSyntax.isKey(token.text) else { throw unexpected(LabelSyntax.keyRule) }
        let key = token.text
        advance()
        return key
    }

    /// The value after `=`, which may be empty at a comma and at the end.
    private mutating func exactValue() throws(LabelSelectorError) -> String {
        switch token.kind {
        case .comma, .end: return ""
        case .word: return try value()
        default: throw unexpected("a label value")
        }
    }

    private mutating func value() throws(LabelSelectorError) -> String {
        guard LabelSyntax.isValue(token.text) else { throw unexpected(LabelSyntax.valueRule) }
        let value = token.text
        advance()
        return value
    }

    /// The values in parentheses; a missing one, as in `()` and `(a,)`, is the empty value.
    private mutating func valueList() throws(LabelSelectorError) -> [String] {
        guard token.kind == .open else { throw unexpected("\"(\"") }
        advance()
        var values: [String] = []
        while true {
            let next = token.kind == .word ? try value() : ""
            if !values.contains(next) { values.append(next) }
            switch token.kind {
            case .comma:
                advance()
            case .close:
                advance()
                return values
            default:
                throw unexpected("a comma or \")\"")
            }
        }
    }

    private func unexpected(_ expected: String) -> LabelSelectorError {
        LabelSelectorError(offset: token.offset, found: token.text, expected: expected)
    }

    /// Reads the next token into `token`.
    private mutating func advance() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        let start = position
        guard position < bytes.count else {
            token = LabelSelectorToken(kind: .end, text: "", offset: start)
            return
        }
        let kind: LabelSelectorToken.Kind
        position += 1
        switch bytes[start] {
        case UInt8(ascii: ","): kind = .comma
        case UInt8(ascii: "("): kind = .open
        case UInt8(ascii: ")"): kind = .close
        case UInt8(ascii: "<"), UInt8(ascii: ">"): kind = .comparison
        case UInt8(ascii: "="):
            kind = .equals
            takeEqualsSign()
        case UInt8(ascii: "!"):
            kind = takeEqualsSign() ? .notEquals : .bang
        default:
            kind = .word
            while position < bytes.count, !Self.isSpace(bytes[position]), !Self.isSpecial(bytes[position]) {
                position += 1
            }
        }
        token = LabelSelectorToken(
            kind: kind, text: String(decoding: bytes[start..<position], as: UTF8.self), offset: start)
    }

    @discardableResult
    private mutating func takeEqualsSign() -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return false }
        position += 1
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
            UInt8(ascii: "<"), UInt8(ascii: ">"):
            true
        default:
            false
        }
    }
}
