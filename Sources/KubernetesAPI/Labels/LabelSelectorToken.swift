/// One token of a label selector's text, and the bytes that it took.
struct LabelSelectorToken {
    /// The kinds of tokens; `in` and `notin` are words.
    enum Kind {
        case word
        case comma
        case open
        case close
        case bang
        case equals
        case notEquals
        case comparison
        case end
    }

    /// What the token is.
    let kind: Kind
    /// The token's bytes as text.
    let text: String
    /// Where it begins, in bytes from the start of the selector.
    let offset: Int
}
