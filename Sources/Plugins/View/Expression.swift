import Glibc
import PluginKit

/// An expression that has been read and checked: the part of expr-lang's language that is about single values and lists.
indirect enum Expression: Sendable {
    case constant(ExpressionValue)
    case list([Expression])
    case call(ExpressionFunction, [Expression])
    case not(Expression)
    case negative(Expression)
    case binary(ExpressionOperator, Expression, Expression)
    /// A match with a pattern that is known beforehand.
    case matches(Expression, RegularExpression)
    case choice(Expression, Expression, Expression)
    case element(Expression, Expression)

    /// Most elements of a range: expr-lang's bound on memory.
    private static let longestRange = 1_000_000

    /// The value for a query. May allocate.
    func value(_ exchange: UnsafeMutablePointer<Exchange>) throws(ExpressionFailure) -> ExpressionValue {
        switch self {
        case .constant(let constant): return constant
        case .list(let elements):
            var values: [ExpressionValue] = []
            for element in elements { values.append(try element.value(exchange)) }
            return .list(values)
        case .call(let function, let arguments):
            var values: [ExpressionValue] = []
            for argument in arguments { values.append(try argument.value(exchange)) }
            return try function.call(values, exchange)
        case .not(let operand): return .boolean(try !operand.truth(exchange))
        case .negative(let operand):
            switch try operand.value(exchange) {
            case .integer(let value): return .integer(0 &- value)
            case .float(let value): return .float(-value)
            default: throw Self.failure("-")
            }
        case .matches(let operand, let pattern): return .boolean(pattern.matches(try operand.text(exchange)))
        case .choice(let condition, let first, let second):
            return try condition.truth(exchange) ? first.value(exchange) : second.value(exchange)
        case .element(let list, let index):
            guard case .list(let values) = try list.value(exchange),
                case .integer(let place) = try index.value(exchange)
            else { throw Self.failure("[]") }
            // expr-lang: negative places count from the end.
            let found = place < 0 ? place &+ values.count : place
            guard values.indices.contains(found) else { throw Self.failure("[]") }
            return values[found]
        case .binary(let sign, let left, let right): return try Self.binary(sign, left, right, exchange)
        }
    }

    private func truth(_ exchange: UnsafeMutablePointer<Exchange>) throws(ExpressionFailure) -> Bool {
        guard case .boolean(let truth) = try value(exchange) else { throw Self.failure("a condition") }
        return truth
    }

    private func text(_ exchange: UnsafeMutablePointer<Exchange>) throws(ExpressionFailure) -> String {
        guard case .string(let text) = try value(exchange) else { throw Self.failure("a string") }
        return text
    }

    private static func failure(_ what: String) -> ExpressionFailure {
        ExpressionFailure(place: 1, reason: "\(what) has no value here")
    }

    private static func binary(
        _ sign: ExpressionOperator, _ left: Expression, _ right: Expression, _ exchange: UnsafeMutablePointer<Exchange>
    ) throws(ExpressionFailure) -> ExpressionValue {
        switch sign {
        case .or: return .boolean(try left.truth(exchange) ? true : right.truth(exchange))
        case .and: return .boolean(try left.truth(exchange) ? right.truth(exchange) : false)
        case .otherwise:
            let value = try left.value(exchange)
            return value == .null ? try right.value(exchange) : value
        case .equal: return .boolean(try left.value(exchange).equals(right.value(exchange)))
        case .unequal: return .boolean(try !left.value(exchange).equals(right.value(exchange)))
        case .among:
            let value = try left.value(exchange)
            guard case .list(let values) = try right.value(exchange) else { throw failure("in") }
            return .boolean(values.contains { value.equals($0) })
        case .matches:
            let text = try left.text(exchange)
            guard let pattern = try? RegularExpression(try right.text(exchange)) else { throw failure("matches") }
            return .boolean(pattern.matches(text))
        case .contains: return .boolean(try isPart(right.text(exchange), of: left.text(exchange)))
        case .startsWith: return .boolean(try left.text(exchange).utf8.starts(with: right.text(exchange).utf8))
        case .endsWith:
            return .boolean(
                try left.text(exchange).utf8.reversed().starts(with: right.text(exchange).utf8.reversed()))
        default: return try arithmetic(sign, left.value(exchange), right.value(exchange))
        }
    }

    private static func isPart(_ part: String, of text: String) -> Bool {
        let (part, text) = (Array(part.utf8), Array(text.utf8))
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
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
