/// What a label's key and value may look like ("Labels and Selectors" in the Kubernetes documentation).
enum LabelSyntax {
    /// The longest name part of a key, and the longest value.
    static let maximumLength = 63
    /// The longest prefix of a key, which is a DNS subdomain.
    static let maximumPrefixLength = 253

    /// The rule of a key in words, for an error message.
    static let keyRule =
        "a label key: at most 63 letters, digits, - _ . that begin and end with a letter or digit, "
        + "after an optional domain and /"
    /// The rule of a value in words, for an error message.
    static let valueRule =
        "a label value: at most 63 letters, digits, - _ . that begin and end with a letter or digit"

    /// Whether `text` is a label key: an optional DNS subdomain and "/", then a name.
    static func isKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0])
        case 2: return isSubdomain(parts[0]) && isName(parts[1])
        default: return false
        }
    }

    /// Whether `text` is a label value, which may be empty.
    static func isValue(_ text: String) -> Bool {
        text.isEmpty || isName(text[...])
    }

    private static func isName(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maximumLength else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    /// RFC 1123 subdomain in lower case, as apimachinery asks of a prefix.
    private static func isSubdomain(_ text: Substring) -> Bool {
        guard text.utf8.count <= maximumPrefixLength else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
                && label.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}
