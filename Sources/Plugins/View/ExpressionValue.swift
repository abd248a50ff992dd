/// A value of an expression.
enum ExpressionValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case float(Double)
    case boolean(Bool)
    case list([ExpressionValue])
    case null

    /// A number of either kind.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// The value in words, as Go writes it.
    var text: String {
        switch self {
        case .string(let text): text
        case .integer(let value): "\(value)"
        case .float(let value): Int(exactly: value).map(String.init) ?? "\(value)"
        case .boolean(let value): "\(value)"
        case .list(let values): "[" + values.map(\.text).joined(separator: " ") + "]"
        case .null: "<nil>"
        }
    }

    /// The values with what is in lists in the place of the lists.
    static func flat(_ values: [ExpressionValue]) -> [ExpressionValue] {
        values.flatMap { value in
            if case .list(let values) = value { return flat(values) }
            return [value]
        }
    }

    /// Whether two values are the same; numbers are compared as numbers.
    func equals(_ other: ExpressionValue) -> Bool {
        if let left = number, let right = other.number { return left == right }
        return self == other
    }
}

/// What is known of a value before a query comes.
enum ExpressionType: String, Sendable {
    case string
    case integer = "int"
    case float
    case boolean = "bool"
    case list = "array"
    case null = "nil"
    /// One of several.
    case unknown = "any"

    var isNumber: Bool { self == .integer || self == .float || self == .unknown }

    /// Whether a value of this type may be one of `other`.
    func fits(_ other: ExpressionType) -> Bool { self == other || self == .unknown || other == .unknown }
}

/// Why a text is no expression, or why it has no value for a query.
struct ExpressionFailure: Error, Equatable {
    /// The place in the expression, counted from 1.
    var place: Int
    var reason: String
}
