import Glibc

/// An expression that has been read and checked: the part of expr-lang's language that is about single values and lists.
indirect enum Expression: Sendable {
    case constant(ExpressionValue)
    case list([Expression])
    case call(ExpressionFunction, [Expression])
    case builtin(ExpressionBuiltin, [Expression])
    /// A function of a list's elements; `count` may have no body, as the elements are true or false themselves.
    case predicate(ExpressionPredicate, Expression, Expression)
    /// The element that the innermost predicate is worked out for.
    case current
    case not(Expression)
    case negative(Expression)
    case binary(ExpressionOperator, Expression, Expression)
    /// A match with a pattern that is known beforehand.
    case matches(Expression, RegularExpression)
    case choice(Expression, Expression, Expression)
    case element(Expression, Expression)
    /// From one place up to before another.
    case slice(Expression, Expression?, Expression?)
    /// A name for a value, and what is worked out with it.
    case bound(String, Expression, Expression)
    /// What an earlier expression came to, or a name that `let` has given.
    case variable(String)

    /// Most elements of a range: expr-lang's bound on memory.
    private static let longestRange = 1_000_000

    /// The value for a query. May allocate.
    func value(_ context: ExpressionContext) throws(ExpressionFailure) -> ExpressionValue {
        switch self {
        case .constant(let constant): return constant
        case .variable(let name): return context.variables[name] ?? .null
        case .list(let elements): return .list(try Self.values(elements, context))
        case .call(let function, let arguments): return try function.call(Self.values(arguments, context), context)
        case .builtin(let function, let arguments): return try function.call(Self.values(arguments, context))
        case .predicate(let function, let list, let body):
            guard case .list(let values) = try list.value(context) else { throw Self.failure(function.rawValue) }
            var inner = context
            return try function.call(values) { element throws(ExpressionFailure) in
                inner.element = element
                return try body.value(inner)
            }
        case .current: return context.element
        case .bound(let name, let value, let body):
            var inner = context
            inner.variables[name] = try value.value(context)
            return try body.value(inner)
        case .not(let operand): return .boolean(try !operand.truth(context))
        case .negative(let operand):
            switch try operand.value(context) {
            case .integer(let value): return .integer(0 &- value)
            case .float(let value): return .float(-value)
            default: throw Self.failure("-")
            }
        case .matches(let operand, let pattern): return .boolean(pattern.matches(try operand.text(context)))
        case .choice(let condition, let first, let second):
            return try condition.truth(context) ? first.value(context) : second.value(context)
        case .element(let list, let index):
            guard case .list(let values) = try list.value(context),
                case .integer(let place) = try index.value(context)
            else { throw Self.failure("[]") }
            // expr-lang: negative places count from the end.
            let found = place < 0 ? place &+ values.count : place
            guard values.indices.contains(found) else { throw Self.failure("[]") }
            return values[found]
        case .slice(let operand, let from, let to):
            return try Self.slice(operand.value(context), from?.value(context), to?.value(context))
        case .binary(let sign, let left, let right): return try Self.binary(sign, left, right, context)
        }
    }

    private static func values(
        _ expressions: [Expression], _ context: ExpressionContext
    ) throws(ExpressionFailure) -> [ExpressionValue] {
        var values: [ExpressionValue] = []
        for expression in expressions { values.append(try expression.value(context)) }
        return values
    }

    /// expr-lang: places beyond the ends are the ends, negative ones count from the end, and strings have bytes.
    private static func slice(
        _ operand: ExpressionValue, _ from: ExpressionValue?, _ to: ExpressionValue?
    ) throws(ExpressionFailure) -> ExpressionValue {
        func range(_ count: Int) throws(ExpressionFailure) -> Range<Int> {
            guard case .integer(let from) = from ?? .integer(0), case .integer(let to) = to ?? .integer(count) else {
                throw failure("[:]")
            }
            func place(_ place: Int) -> Int { min(max(place < 0 ? place &+ count : place, 0), count) }
            return min(place(from), place(to))..<place(to)
        }
        switch operand {
        case .list(let values): return .list(Array(values[try range(values.count)]))
        case .string(let text):
            let bytes = Array(text.utf8)
            return .string(String(decoding: bytes[try range(bytes.count)], as: UTF8.self))
        default: throw failure("[:]")
        }
    }

    private func truth(_ context: ExpressionContext) throws(ExpressionFailure) -> Bool {
        guard case .boolean(let truth) = try value(context) else { throw Self.failure("a condition") }
        return truth
    }

    private func text(_ context: ExpressionContext) throws(ExpressionFailure) -> String {
        guard case .string(let text) = try value(context) else { throw Self.failure("a string") }
        return text
    }

    private static func failure(_ what: String) -> ExpressionFailure {
        ExpressionFailure(place: 1, reason: "\(what) has no value here")
    }

    private static func binary(
        _ sign: ExpressionOperator, _ left: Expression, _ right: Expression, _ context: ExpressionContext
    ) throws(ExpressionFailure) -> ExpressionValue {
        switch sign {
        case .or: return .boolean(try left.truth(context) ? true : right.truth(context))
        case .and: return .boolean(try left.truth(context) ? right.truth(context) : false)
        case .otherwise:
            let value = try left.value(context)
            return value == .null ? try right.value(context) : value
        case .equal: return .boolean(try left.value(context).equals(right.value(context)))
        case .unequal: return .boolean(try !left.value(context).equals(right.value(context)))
        case .among:
            let value = try left.value(context)
            guard case .list(let values) = try right.value(context) else { throw failure("in") }
            return .boolean(values.contains { value.equals($0) })
        case .matches:
            let text = try left.text(context)
            guard let pattern = try? RegularExpression(try right.text(context)) else { throw failure("matches") }
            return .boolean(pattern.matches(text))
        case .contains:
            return .boolean(try !ExpressionText.places(of: right.text(context), in: left.text(context)).isEmpty)
        case .startsWith: return .boolean(try ExpressionText.hasPrefix(left.text(context), right.text(context)))
        case .endsWith: return .boolean(try ExpressionText.hasSuffix(left.text(context), right.text(context)))
        default: return try arithmetic(sign, left.value(context), right.value(context))
        }
    }

    private static func arithmetic(
        _ sign: ExpressionOperator, _ left: ExpressionValue, _ right: ExpressionValue
    ) throws(ExpressionFailure) -> ExpressionValue {
        if case .string(let first) = left, case .string(let second) = right {
            // Go compares strings by their bytes.
            let isLess = first.utf8.lexicographicallyPrecedes(second.utf8)
            switch sign {
            case .plus: return .string(first + second)
            case .less: return .boolean(isLess)
            case .greaterOrEqual: return .boolean(!isLess)
            case .lessOrEqual: return .boolean(isLess || first == second)
            case .greater: return .boolean(!isLess && first != second)
            default: throw failure(sign.rawValue)
            }
        }
        if case .integer(let first) = left, case .integer(let second) = right {
            switch sign {
            // Go's integers wrap.
            case .plus: return .integer(first &+ second)
            case .minus: return .integer(first &- second)
            case .times: return .integer(first &* second)
            case .remainder where second != 0:
                return .integer(first.remainderReportingOverflow(dividingBy: second).partialValue)
            case .range:
                let (length, overflow) = second.subtractingReportingOverflow(first)
                guard !overflow, length < longestRange else { throw failure("..") }
                return .list(length < 0 ? [] : (first...second).map(ExpressionValue.integer))
            default: break
            }
        }
        guard let first = left.number, let second = right.number else { throw failure(sign.rawValue) }
        switch sign {
        case .plus: return .float(first + second)
        case .minus: return .float(first - second)
        case .times: return .float(first * second)
        case .divided: return .float(first / second)
        case .power: return .float(pow(first, second))
        case .less: return .boolean(first < second)
        case .lessOrEqual: return .boolean(first <= second)
        case .greater: return .boolean(first > second)
        case .greaterOrEqual: return .boolean(first >= second)
        default: throw failure(sign.rawValue)
        }
    }
}
