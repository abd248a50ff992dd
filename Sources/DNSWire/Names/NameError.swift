/// Why text or bytes are not a domain name. A trivial enum: throwing it allocates nothing.
package enum NameError: Error, Hashable, Sendable {
    /// No text, or no bytes: the root is "." in text and one zero octet in wire form.
    case empty
    /// A label without octets before the end of the name, as in "a..b" or ".a".
    case emptyLabel
    /// A label of more than 63 octets (RFC 1035, section 2.3.4).
    case labelTooLong
    /// A name of more than 255 octets in wire form, the root label included (RFC 1035, section 2.3.4).
    case nameTooLong
    /// A backslash at the end, or before a digit that does not begin three digits of at most 255 (RFC 1035, section 5.1).
    case badEscape
    /// Wire bytes with a length octet above 63: a compression pointer or a reserved label type.
    case badLabelType
    /// Wire bytes that do not end with the root label, or go on behind it.
    case notTerminated
}

extension NameError: CustomStringConvertible {
    /// The rule that was broken, as the end of the sentence "not a domain name: ...".
    package var description: String {
        switch self {
        case .empty: "it is empty"
        case .emptyLabel: "a label is empty"
        case .labelTooLong: "a label is longer than \(DomainName.longestLabel) octets"
        case .nameTooLong: "it is longer than \(DomainName.longest) octets"
        case .badEscape: "a backslash is followed by neither a character nor three digits of at most 255"
        case .badLabelType: "a label's length octet is above \(DomainName.longestLabel)"
        case .notTerminated: "the root label is not at the end"
        }
    }
}
