/// What an expression may name besides the functions of `view`.
struct ExpressionScope: Sendable {
    /// The variables before it, with what is known of their values.
    var variables: [String: ExpressionType] = [:]
    /// Whether there is a regular expression whose groups it may ask for.
    var hasGroups = false

    /// Whether an element of a list is at hand (`#`).
    var hasElement = false

    /// Whether `name` is a word of the language, or one of its functions.
    static func isReserved(_ name: String) -> Bool {
        ExpressionFunction(rawValue: name) != nil || ExpressionBuiltin(rawValue: name) != nil
            || ExpressionPredicate(rawValue: name) != nil || missing.contains(name) || keywords.contains(name)
    }

    /// What expr-lang has besides, to tell a slip of the pen from what is not there.
    static let missing: Set<String> = [
        "mean", "median", "reduce", "groupBy", "sortBy", "sort", "now", "date", "duration", "timezone", "keys",
        "values", "toJSON", "fromJSON", "toBase64", "fromBase64", "toPairs", "fromPairs", "bitand", "bitor", "bitxor",
        "bitnand", "bitnot", "bitshl", "bitshr", "bitushr", "if", "else",
    ]
    private static let keywords: Set<String> = [
        "true", "false", "nil", "not", "and", "or", "in", "matches", "contains", "startsWith", "endsWith", "let",
    ]
}
