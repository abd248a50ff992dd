/// A function of expr-lang's own: its value depends on its arguments alone.
enum ExpressionBuiltin: String, CaseIterable {
    case length = "len"
    case lower
    case upper
    case trim
    case trimPrefix
    case trimSuffix
    case hasPrefix
    case hasSuffix
    case indexOf
    case lastIndexOf
    case split
    case splitAfter
    case replace
    case repeated = "repeat"
    case join
    case string
    case integer = "int"
    case float
    case absolute = "abs"
    case ceil
    case floor
    case round
    case maximum = "max"
    case minimum = "min"
    case sum
    case first
    case last
    case take
    case get
    case reverse
    case concat
    case flatten
    case unique = "uniq"

    /// The types of the arguments; the last ones may be left out as `optionalCount` says.
    var parameters: [ExpressionType] {
        switch self {
        case .length, .string, .integer, .float: [.unknown]
        case .lower, .upper: [.string]
        case .trim, .trimPrefix, .trimSuffix, .hasPrefix, .hasSuffix, .indexOf, .lastIndexOf: [.string, .string]
        case .split, .splitAfter: [.string, .string, .integer]
        case .replace: [.string, .string, .string, .integer]
        case .repeated: [.string, .integer]
        case .join: [.list, .string]
        case .absolute, .ceil, .floor, .round: [.float]
        case .first, .last, .reverse, .flatten, .unique, .sum: [.list]
        case .take, .get: [.list, .integer]
        case .maximum, .minimum: [.unknown]
        case .concat: [.list]
        }
    }

    /// How many of the last arguments may be left out.
    var optionalCount: Int {
        switch self {
        case .trim, .split, .splitAfter, .replace, .join: 1
        default: 0
        }
    }

    /// Whether there may be any number of arguments, all of the type of the last.
    var isVariadic: Bool { self == .maximum || self == .minimum || self == .concat }

    /// What is known of the value.
    var result: ExpressionType {
        switch self {
        case .length, .indexOf, .lastIndexOf, .integer: .integer
        case .lower, .upper, .trim, .trimPrefix, .trimSuffix, .replace, .repeated, .join, .string: .string
        case .hasPrefix, .hasSuffix: .boolean
        case .split, .splitAfter, .take, .reverse, .concat, .flatten, .unique: .list
        case .float, .ceil, .floor, .round: .float
        case .absolute, .maximum, .minimum, .sum, .first, .last, .get: .unknown
        }
    }

    /// - Parameter arguments: as many as `parameters` and `optionalCount` say; their types may be others where they were not
    ///   known beforehand, which is a failure.
    func call(_ arguments: [ExpressionValue]) throws(ExpressionFailure) -> ExpressionValue {
        if let value = ofText(arguments) ?? ofNumbers(arguments) ?? ofLists(arguments) { return value }
        throw ExpressionFailure(place: 1, reason: "\(rawValue) has no value here")
    }

    // MARK: Strings

    private func ofText(_ arguments: [ExpressionValue]) -> ExpressionValue? {
        if self == .string, let value = arguments.first { return .string(value.text) }
        if self == .join, case .list(let values)? = arguments.first {
            return Self.joined(values, arguments.dropFirst())
        }
        guard case .string(let text)? = arguments.first else { return nil }
        switch self {
        // By characters, where everything else counts bytes (expr-lang).
        case .length: return .integer(text.unicodeScalars.count)
        case .lower: return .string(text.lowercased())
        case .upper: return .string(text.uppercased())
        case .trim where arguments.count == 1: return .string(ExpressionText.trim(text, \.properties.isWhitespace))
        case .integer: return Int(text).map(ExpressionValue.integer)
        case .float: return Double(text).map(ExpressionValue.float)
        default: break
        }
        if self == .repeated, arguments.count > 1, case .integer(let count) = arguments[1] {
            return ExpressionText.repeated(text, count).map(ExpressionValue.string)
        }
        guard arguments.count > 1, case .string(let part) = arguments[1] else { return nil }
        switch self {
        case .trim: return .string(ExpressionText.trim(text) { part.unicodeScalars.contains($0) })
        case .trimPrefix: return .string(ExpressionText.hasPrefix(text, part) ? ExpressionText.drop(text, part) : text)
        case .trimSuffix:
            return .string(ExpressionText.hasSuffix(text, part) ? ExpressionText.dropLast(text, part) : text)
        case .hasPrefix: return .boolean(ExpressionText.hasPrefix(text, part))
        case .hasSuffix: return .boolean(ExpressionText.hasSuffix(text, part))
        case .indexOf: return .integer(ExpressionText.places(of: part, in: text).first ?? -1)
        case .lastIndexOf: return .integer(ExpressionText.places(of: part, in: text, overlapping: true).last ?? -1)
        case .split, .splitAfter:
            return .list(
                ExpressionText.split(text, part, keeps: self == .splitAfter, Self.limit(arguments, 2)).map {
                    .string($0)
                })
        case .replace:
            guard arguments.count > 2, case .string(let other) = arguments[2] else { return nil }
            return .string(ExpressionText.replace(text, part, other, Self.limit(arguments, 3)))
        default: return nil
        }
    }

    /// A limit that may be left out, which is the same as a negative one (Go).
    private static func limit(_ arguments: [ExpressionValue], _ place: Int) -> Int {
        guard place < arguments.count, case .integer(let limit) = arguments[place] else { return -1 }
        return limit
    }

    private static func joined(_ values: [ExpressionValue], _ rest: ArraySlice<ExpressionValue>) -> ExpressionValue? {
        var texts: [String] = []
        for value in values {
            guard case .string(let text) = value else { return nil }
            texts.append(text)
        }
        guard let separator = rest.first else { return .string(texts.joined()) }
        guard case .string(let text) = separator else { return nil }
        return .string(texts.joined(separator: text))
    }

    // MARK: Numbers

    private func ofNumbers(_ arguments: [ExpressionValue]) -> ExpressionValue? {
        switch self {
        case .maximum, .minimum:
            // Lists among the arguments count as what is in them.
            let values = ExpressionValue.flat(arguments)
            guard var best = values.first else { return nil }
            for value in values {
                guard let number = value.number, let other = best.number else { return nil }
                if self == .maximum ? number > other : number < other { best = value }
            }
            return best
        case .integer:
            switch arguments.first {
            case .integer(let value)?: return .integer(value)
            // Towards 0, as Go converts.
            case .float(let value)?: return Int(exactly: value.rounded(.towardZero)).map(ExpressionValue.integer)
            default: return nil
            }
        case .float: return arguments.first?.number.map(ExpressionValue.float)
        case .absolute:
            if case .integer(let value)? = arguments.first { return .integer(value < 0 ? 0 &- value : value) }
            return arguments.first?.number.map { .float(abs($0)) }
        case .ceil: return arguments.first?.number.map { .float($0.rounded(.up)) }
        case .floor: return arguments.first?.number.map { .float($0.rounded(.down)) }
        case .round: return arguments.first?.number.map { .float($0.rounded(.toNearestOrAwayFromZero)) }
        default: return nil
        }
    }

    // MARK: Lists

    private func ofLists(_ arguments: [ExpressionValue]) -> ExpressionValue? {
        if self == .concat {
            var all: [ExpressionValue] = []
            for argument in arguments {
                guard case .list(let values) = argument else { return nil }
                all += values
            }
            return .list(all)
        }
        guard case .list(let values)? = arguments.first else { return nil }
        switch self {
        case .length: return .integer(values.count)
        case .first: return values.first ?? .null
        case .last: return values.last ?? .null
        case .reverse: return .list(values.reversed())
        case .flatten: return .list(ExpressionValue.flat(values))
        case .unique:
            var unique: [ExpressionValue] = []
            for value in values where !unique.contains(where: value.equals) { unique.append(value) }
            return .list(unique)
        case .sum:
            var sum = ExpressionValue.integer(0)
            for value in values {
                switch (sum, value) {
                case (.integer(let left), .integer(let right)): sum = .integer(left &+ right)
                default:
                    guard let left = sum.number, let right = value.number else { return nil }
                    sum = .float(left + right)
                }
            }
            return sum
        case .take, .get:
            guard arguments.count > 1, case .integer(let number) = arguments[1] else { return nil }
            if self == .take { return number < 0 ? nil : .list(Array(values.prefix(number))) }
            let place = number < 0 ? number &+ values.count : number
            return values.indices.contains(place) ? values[place] : .null
        default: return nil
        }
    }
}
