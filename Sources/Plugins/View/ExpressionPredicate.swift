/// A function that works an expression out for each element of a list: `any(LIST, {# > 1})`.
enum ExpressionPredicate: String, CaseIterable {
    case all
    case any
    case one
    case none
    case filter
    case map
    case count
    case find
    case findIndex
    case findLast
    case findLastIndex

    /// What is known of the value.
    var result: ExpressionType {
        switch self {
        case .all, .any, .one, .none: .boolean
        case .filter, .map: .list
        case .count, .findIndex, .findLastIndex: .integer
        case .find, .findLast: .unknown
        }
    }

    /// - Parameter body: what is worked out for an element; for all but `map` it has to be true or false.
    func call(
        _ values: [ExpressionValue], _ body: (ExpressionValue) throws(ExpressionFailure) -> ExpressionValue
    ) throws(ExpressionFailure) -> ExpressionValue {
        func holds(_ value: ExpressionValue) throws(ExpressionFailure) -> Bool {
            guard case .boolean(let truth) = try body(value) else {
                throw ExpressionFailure(place: 1, reason: "a condition has no value here")
            }
            return truth
        }
        var found: [ExpressionValue] = []
        switch self {
        case .map:
            for value in values { found.append(try body(value)) }
            return .list(found)
        case .filter:
            for value in values where try holds(value) { found.append(value) }
            return .list(found)
        case .all:
            for value in values where try !holds(value) { return .boolean(false) }
            return .boolean(true)
        case .any, .none:
            for value in values where try holds(value) { return .boolean(self == .any) }
            return .boolean(self == .none)
        case .one, .count:
            var count = 0
            for value in values where try holds(value) { count += 1 }
            return self == .count ? .integer(count) : .boolean(count == 1)
        case .find, .findIndex:
            for (place, value) in values.enumerated() where try holds(value) {
                return self == .find ? value : .integer(place)
            }
        case .findLast, .findLastIndex:
            for (place, value) in values.enumerated().reversed() where try holds(value) {
                return self == .findLast ? value : .integer(place)
            }
        }
        // expr-lang: no element is nil, no place is -1.
        return result == .integer ? .integer(-1) : .null
    }
}
