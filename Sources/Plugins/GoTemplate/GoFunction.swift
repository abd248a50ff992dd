/// A function that templates may call: Go's own, and CoreDNS's parseInt.
enum GoFunction: String, Sendable, CaseIterable {
    case and
    case eq
    case ge
    case gt
    case index
    case le
    case len
    case lt
    case ne
    case not
    case or
    case parseInt
    case print
    case printf
    case println
    case slice

    /// How many arguments it takes, at least and at most.
    var argumentCounts: ClosedRange<Int> {
        switch self {
        case .and, .or, .index, .printf: 1...Int.max
        case .eq: 2...Int.max
        case .ne, .lt, .le, .gt, .ge: 2...2
        case .len, .not: 1...1
        case .parseInt: 3...3
        case .print, .println: 0...Int.max
        case .slice: 1...3
        }
    }

    /// The function's value; the number of arguments has been checked.
    func call(_ arguments: [GoValue]) throws(GoRunFailure) -> GoValue {
        guard let first = arguments.first else {
            return .string(self == .println ? "\n" : "")
        }
        let rest = arguments.dropFirst()
        switch self {
        case .and, .or: return first
        case .not: return .boolean(!first.isTrue)
        case .eq:
            for other in rest where try Self.compare(first, other, name: "eq") == 0 { return .boolean(true) }
            return .boolean(false)
        case .ne, .lt, .le, .gt, .ge:
            guard let second = rest.first else { return .boolean(false) }
            let order = try Self.compare(first, second, name: rawValue)
            switch self {
            case .ne: return .boolean(order != 0)
            case .lt: return .boolean(order < 0)
            case .le: return .boolean(order <= 0)
            case .gt: return .boolean(order > 0)
            default: return .boolean(order >= 0)
            }
        case .len:
            switch first {
            case .string(let text): return .integer(Int64(text.utf8.count))
            case .strings(let values): return .integer(Int64(values.count))
            case .map(let values): return .integer(Int64(values.count))
            default: throw GoRunFailure(message: "error calling len: len of type \(first.typeName)")
            }
        case .index: return try Self.index(first, rest)
        case .slice: return try Self.slice(first, rest)
        case .parseInt: return try Self.parseInt(arguments)
        case .print: return .string(Self.joined(arguments))
        case .println: return .string(arguments.map(\.description).joined(separator: " ") + "\n")
        case .printf: return .string(try GoFormat.printf(first, rest))
        }
    }

    /// As Go's fmt.Sprint: a blank between two values of which neither is a string.
    private static func joined(_ values: [GoValue]) -> String {
        var text = ""
        var wasString = true
        for (place, value) in values.enumerated() {
            let isString = if case .string = value { true } else { false }
            if place > 0, !isString, !wasString { text += " " }
            text += value.description
            wasString = isString
        }
        return text
    }

    private static func index(_ value: GoValue, _ keys: ArraySlice<GoValue>) throws(GoRunFailure) -> GoValue {
        guard let key = keys.first else { return value }
        let found: GoValue
        switch (value, key) {
        case (.map(let values), .string(let name)): found = .string(values[name] ?? "")
        case (.strings(let values), .integer(let place)):
            guard place >= 0, place < Int64(values.count) else {
                throw GoRunFailure(message: "error calling index: index out of range: \(place)")
            }
            found = .string(values[Int(place)])
        case (.strings(let values), .unsigned(let place)):
            guard place < UInt64(values.count) else {
                throw GoRunFailure(message: "error calling index: index out of range: \(place)")
            }
            found = .string(values[Int(place)])
        case (.string(let text), .integer(let place)):
            let octets = Array(text.utf8)
            guard place >= 0, place < Int64(octets.count) else {
                throw GoRunFailure(message: "error calling index: index out of range: \(place)")
            }
            found = .unsigned(UInt64(octets[Int(place)]))
        default:
            throw GoRunFailure(message: "error calling index: can't index \(value.typeName) with \(key.typeName)")
        }
        return try index(found, keys.dropFirst())
    }

    private static func slice(_ value: GoValue, _ bounds: ArraySlice<GoValue>) throws(GoRunFailure) -> GoValue {
        var limits: [Int] = []
        for bound in bounds {
            guard case .integer(let place) = bound, place >= 0, place <= Int64(Int32.max) else {
                throw GoRunFailure(message: "error calling slice: cannot index slice/array with type \(bound.typeName)")
            }
            limits.append(Int(place))
        }
        let start = limits.first ?? 0
        switch value {
        case .string(let text):
            let octets = Array(text.utf8)
            let end = limits.count > 1 ? limits[1] : octets.count
            guard start <= end, end <= octets.count else {
                throw GoRunFailure(message: "error calling slice: index out of range: \(max(start, end))")
            }
            return .string(String(decoding: octets[start..<end], as: UTF8.self))
        case .strings(let values):
            let end = limits.count > 1 ? limits[1] : values.count
            guard start <= end, end <= values.count else {
                throw GoRunFailure(message: "error calling slice: index out of range: \(max(start, end))")
            }
            return .strings(Array(values[start..<end]))
        default: throw GoRunFailure(message: "error calling slice: can't slice item of type \(value.typeName)")
        }
    }

    /// As strconv.ParseUint: the text, the base (2 to 36, or 0 for what the text begins with) and the bits of the result.
    private static func parseInt(_ arguments: [GoValue]) throws(GoRunFailure) -> GoValue {
        guard arguments.count == 3, case .string(let text) = arguments[0], case .integer(var base) = arguments[1],
            case .integer(var bits) = arguments[2]
        else {
            throw GoRunFailure(message: "error calling parseInt: wrong type of an argument, expected string int int")
        }
        func failure(_ reason: String) -> GoRunFailure {
            GoRunFailure(message: "error calling parseInt: strconv.ParseUint: parsing \"\(text)\": \(reason)")
        }
        var digits = text.lowercased()[...]
        if base == 0 {
            base = 10
            for (prefix, number) in [("0x", Int64(16)), ("0b", 2), ("0o", 8)] where digits.hasPrefix(prefix) {
                base = number
                digits = digits.dropFirst(2)
            }
            if base == 10, digits.count > 1, digits.hasPrefix("0") { base = 8 }
        }
        guard (2...36).contains(base) else { throw failure("invalid base \(base)") }
        if bits == 0 { bits = 64 }
        guard (1...64).contains(bits) else { throw failure("invalid bit size \(bits)") }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ Self.isDigit($0, base) }) else {
            throw failure("invalid syntax")
        }
        guard let number = UInt64(digits, radix: Int(base)), bits == 64 || number >> UInt64(bits) == 0 else {
            throw failure("value out of range")
        }
        return .unsigned(number)
    }

    private static func isDigit(_ octet: UInt8, _ base: Int64) -> Bool {
        switch octet {
        case 0x30...0x39: Int64(octet) - 0x30 < base
        case 0x61...0x7A: Int64(octet) - 0x61 + 10 < base
        default: false
        }
    }

    /// The order of two values of a kind.
    private static func compare(_ left: GoValue, _ right: GoValue, name: String) throws(GoRunFailure) -> Int {
        func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
            left < right ? -1 : left == right ? 0 : 1
        }
        switch (left, right) {
        case (.string(let left), .string(let right)): return left == right ? 0 : left < right ? -1 : 1
        case (.integer(let left), .integer(let right)): return order(left, right)
        case (.unsigned(let left), .unsigned(let right)): return order(left, right)
        // Go compares signed and unsigned numbers by their value.
        case (.integer(let left), .unsigned(let right)): return left < 0 ? -1 : order(UInt64(left), right)
        case (.unsigned(let left), .integer(let right)): return right < 0 ? 1 : order(left, UInt64(right))
        case (.boolean(let left), .boolean(let right)) where name == "eq" || name == "ne":
            return left == right ? 0 : 1
        default: throw GoRunFailure(message: "error calling \(name): incompatible types for comparison")
        }
    }
}
