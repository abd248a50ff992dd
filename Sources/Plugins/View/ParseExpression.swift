import Corefile

extension Expression {
    /// Reads an expression and checks its types.
    static func parse(_ text: String) throws(ExpressionFailure) -> Expression {
        try parse(text, ExpressionScope()).expression
    }

    /// The same within a scope; says what is known of the value as well.
    static func parse(
        _ text: String, _ scope: ExpressionScope
    ) throws(ExpressionFailure) -> (expression: Expression, type: ExpressionType) {
        var parser = ExpressionParser(tokens: try ExpressionLexer.tokens(text), scope: scope)
        return try parser.parse()
    }
}

/// Reads an expression by the strength of its operators.
private struct ExpressionParser {
    /// A part with the type of its value.
    private struct Part {
        var expression: Expression
        var type: ExpressionType
        var place: Int
    }

    /// How deep brackets may be nested: far more than anybody writes, and the bound keeps recursion safe.
    private static let deepest = 64
    private static let unaryNot = 50
    private static let unarySign = 90

    private let tokens: [ExpressionToken]
    private var next = 0
    private var depth = 0

    private var scope: ExpressionScope

    init(tokens: [ExpressionToken], scope: ExpressionScope) {
        self.tokens = tokens
        self.scope = scope
    }

    private var token: ExpressionToken {
        next < tokens.count ? tokens[next] : ExpressionToken(kind: .end, place: 1)
    }

    private mutating func take(_ sign: String) -> Bool {
        guard token.kind == .sign(sign) else { return false }
        next += 1
        return true
    }

    private mutating func expect(_ sign: String) throws(ExpressionFailure) {
        if !take(sign) { throw failure(token, "\(token.text) found, expected '\(sign)'") }
    }

    private func failure(_ token: ExpressionToken, _ reason: String) -> ExpressionFailure {
        ExpressionFailure(place: token.place, reason: reason)
    }

    mutating func parse() throws(ExpressionFailure) -> (expression: Expression, type: ExpressionType) {
        let part = try expression(0)
        guard token.kind == .end else { throw failure(token, "\(token.text) found, expected an operator or the end") }
        return (part.expression, part.type)
    }

    private mutating func expression(_ least: Int) throws(ExpressionFailure) -> Part {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw failure(token, "nested deeper than \(Self.deepest)") }
        if least == 0, token.kind == .word("let") { return try binding() }
        var left = try unary()
        while true {
            // The pipe binds weaker than all others.
            if least == 0, take("|") {
                left = try postfix(try piped(left))
                continue
            }
            guard let (sign, length, isNegated) = upcoming(), sign.precedence >= least else { break }
            let at = token
            next += length
            let right = try expression(sign == .power ? sign.precedence : sign.precedence + 1)
            left = try combine(left, sign, right, at)
            if isNegated { left.expression = .not(left.expression) }
        }
        guard least == 0, token.kind == .sign("?") else { return left }
        return try choice(left)
    }

    /// The operator that follows, how many words it is, and whether "not" stands before it.
    private func upcoming() -> (ExpressionOperator, Int, Bool)? {
        if token.kind == .word("not"), next + 1 < tokens.count, let sign = ExpressionOperator(tokens[next + 1]) {
            switch sign {
            case .among, .matches, .contains, .startsWith, .endsWith: return (sign, 2, true)
            default: return nil
            }
        }
        return ExpressionOperator(token).map { ($0, 1, false) }
    }

    private func combine(
        _ left: Part, _ sign: ExpressionOperator, _ right: Part, _ at: ExpressionToken
    ) throws(ExpressionFailure) -> Part {
        guard let type = sign.result(left.type, right.type) else {
            throw failure(
                at, "operator \(sign.rawValue) is not for \(left.type.rawValue) and \(right.type.rawValue)")
        }
        if sign == .matches, case .constant(.string(let pattern)) = right.expression {
            do throws(RegularExpression.Failure) {
                let compiled = try RegularExpression(pattern)
                return Part(expression: .matches(left.expression, compiled), type: type, place: left.place)
            } catch {
                throw ExpressionFailure(
                    place: right.place, reason: "'\(pattern)' is not a regular expression: \(error)")
            }
        }
        return Part(expression: .binary(sign, left.expression, right.expression), type: type, place: left.place)
    }

    private mutating func choice(_ condition: Part) throws(ExpressionFailure) -> Part {
        guard condition.type.fits(.boolean) else {
            throw failure(token, "a condition of type \(condition.type.rawValue) found, expected bool")
        }
        try expect("?")
        let first = try expression(0)
        try expect(":")
        let second = try expression(0)
        return Part(
            expression: .choice(condition.expression, first.expression, second.expression),
            type: first.type == second.type ? first.type : .unknown, place: condition.place)
    }

    private mutating func unary() throws(ExpressionFailure) -> Part {
        let at = token
        switch at.kind {
        case .sign("!"), .word("not"):
            next += 1
            let operand = try expression(Self.unaryNot)
            guard operand.type.fits(.boolean) else {
                throw failure(at, "operator not is not for \(operand.type.rawValue)")
            }
            return Part(expression: .not(operand.expression), type: .boolean, place: at.place)
        case .sign("-"), .sign("+"):
            next += 1
            let operand = try expression(Self.unarySign)
            guard operand.type.isNumber else {
                throw failure(at, "\(at.text) is not for \(operand.type.rawValue)")
            }
            guard at.kind == .sign("-") else { return operand }
            return Part(expression: .negative(operand.expression), type: operand.type, place: at.place)
        default: return try postfix(try primary())
        }
    }

    private mutating func postfix(_ operand: Part) throws(ExpressionFailure) -> Part {
        var part = operand
        while true {
            let at = token
            if at.kind == .sign(".") {
                throw failure(at, "\(at.text) is known in CoreDNS's expressions, not in apodns yet")
            }
            guard take("[") else { return part }
            var first: Part?
            if token.kind != .sign(":") { first = try bound() }
            if take(":") {
                let last = token.kind == .sign("]") ? nil : try bound()
                guard part.type.fits(.list) || part.type == .string else {
                    throw failure(at, "[:] is not for \(part.type.rawValue)")
                }
                part.expression = .slice(part.expression, first?.expression, last?.expression)
            } else if let first {
                guard part.type.fits(.list) else { throw failure(at, "[] is not for \(part.type.rawValue)") }
                part = Part(expression: .element(part.expression, first.expression), type: .unknown, place: part.place)
            }
            try expect("]")
        }
    }

    /// A place within brackets.
    private mutating func bound() throws(ExpressionFailure) -> Part {
        let place = try expression(0)
        guard place.type.fits(.integer) else {
            throw ExpressionFailure(
                place: place.place, reason: "\(place.type.rawValue) found, expected int between brackets")
        }
        return place
    }

    private mutating func primary() throws(ExpressionFailure) -> Part {
        let at = token
        next += 1
        func constant(_ value: ExpressionValue, _ type: ExpressionType) -> Part {
            Part(expression: .constant(value), type: type, place: at.place)
        }
        switch at.kind {
        case .string(let text): return constant(.string(text), .string)
        case .integer(let value): return constant(.integer(value), .integer)
        case .float(let value): return constant(.float(value), .float)
        case .word("true"): return constant(.boolean(true), .boolean)
        case .word("false"): return constant(.boolean(false), .boolean)
        case .word("nil"): return constant(.null, .null)
        case .word(let name):
            guard let type = scope.variables[name] else {
                // Seen before the bracket is, so that a name that is none is said to be.
                if isFunction(name) { try expect("(") }
                return try call(name, at, nil)
            }
            return Part(expression: .variable(name), type: type, place: at.place)
        case .sign("#"):
            guard scope.hasElement else {
                throw failure(at, "'#' found, expected it within a function of a list's elements such as any")
            }
            return Part(expression: .current, type: .unknown, place: at.place)
        case .sign("("):
            let part = try expression(0)
            try expect(")")
            return part
        case .sign("["):
            let elements = try list(until: "]")
            return Part(expression: .list(elements.map(\.expression)), type: .list, place: at.place)
        default: throw failure(at, "\(at.text) found, expected a value")
        }
    }

    private mutating func list(until end: String) throws(ExpressionFailure) -> [Part] {
        var parts: [Part] = []
        if take(end) { return parts }
        repeat { parts.append(try expression(0)) } while take(",")
        try expect(end)
        return parts
    }

    // MARK: Functions and names

    private func isFunction(_ name: String) -> Bool {
        ExpressionPredicate(rawValue: name) != nil || ExpressionBuiltin(rawValue: name) != nil
            || ExpressionFunction(rawValue: name).map { $0 != .group || scope.hasGroups } ?? false
    }

    /// `VALUE | FUNCTION(...)`: the value is the function's first argument.
    private mutating func piped(_ value: Part) throws(ExpressionFailure) -> Part {
        let at = token
        guard case .word(let name) = at.kind else {
            throw failure(at, "\(at.text) found, expected a function after '|'")
        }
        next += 1
        if isFunction(name) { try expect("(") }
        return try call(name, at, value)
    }

    /// Reads a function's arguments behind the opening bracket.
    private mutating func call(
        _ name: String, _ at: ExpressionToken, _ piped: Part?
    ) throws(ExpressionFailure) -> Part {
        guard isFunction(name) else {
            if ExpressionScope.missing.contains(name) {
                throw failure(at, "'\(name)' is known in CoreDNS's expressions, not in apodns yet")
            }
            let hint = nearestName(to: name, in: names + others).map { " (did you mean '\($0)'?)" } ?? ""
            throw failure(
                at,
                "unknown name '\(name)'\(hint), expected one of \(names.joined(separator: ", ")), or a function of "
                    + "expr-lang")
        }
        if let predicate = ExpressionPredicate(rawValue: name) { return try call(predicate, at, piped) }
        let arguments = (piped.map { [$0] } ?? []) + (try list(until: ")"))
        if let builtin = ExpressionBuiltin(rawValue: name) {
            var parameters = builtin.parameters
            let least = parameters.count - builtin.optionalCount
            if builtin.isVariadic, let last = parameters.last {
                while parameters.count < arguments.count { parameters.append(last) }
            }
            try check(arguments, least...max(least, parameters.count), parameters, name, at)
            return Part(
                expression: .builtin(builtin, arguments.map(\.expression)), type: builtin.result, place: at.place)
        }
        // There is a function of the name: the first guard has seen to that.
        guard let function = ExpressionFunction(rawValue: name) else { throw failure(at, "unknown name '\(name)'") }
        let parameters = function.parameters
        try check(arguments, parameters.count...parameters.count, parameters, name, at)
        if function == .group, let argument = arguments.first, !argument.type.fits(.string), argument.type != .integer {
            throw ExpressionFailure(
                place: argument.place, reason: "\(argument.type.rawValue) found, expected string or int for \(name)")
        }
        return Part(expression: .call(function, arguments.map(\.expression)), type: function.result, place: at.place)
    }

    private func check(
        _ arguments: [Part], _ counts: ClosedRange<Int>, _ parameters: [ExpressionType], _ name: String,
        _ at: ExpressionToken
    ) throws(ExpressionFailure) {
        guard counts.contains(arguments.count) else {
            let expected =
                counts.lowerBound == counts.upperBound
                ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
            throw failure(at, "\(name) with \(arguments.count) arguments found, expected \(expected)")
        }
        for (argument, type) in zip(arguments, parameters) {
            if argument.type.fits(type) || type == .float && argument.type.isNumber { continue }
            throw ExpressionFailure(
                place: argument.place, reason: "\(argument.type.rawValue) found, expected \(type.rawValue) for \(name)")
        }
    }

    /// Reads the list and what is worked out for each of its elements, with or without braces.
    private mutating func call(
        _ predicate: ExpressionPredicate, _ at: ExpressionToken, _ piped: Part?
    ) throws(ExpressionFailure) -> Part {
        let list: Part
        if let piped {
            list = piped
        } else {
            list = try expression(0)
        }
        guard list.type.fits(.list) else {
            throw ExpressionFailure(
                place: list.place, reason: "\(list.type.rawValue) found, expected array for \(predicate.rawValue)")
        }
        var body = Part(expression: .current, type: .unknown, place: at.place)
        if predicate == .count, token.kind == .sign(")") {
            next += 1
        } else {
            if piped == nil { try expect(",") }
            let outer = scope.hasElement
            scope.hasElement = true
            let hasBraces = take("{")
            body = try expression(0)
            if hasBraces { try expect("}") }
            scope.hasElement = outer
            try expect(")")
        }
        guard predicate == .map || body.type.fits(.boolean) else {
            throw ExpressionFailure(
                place: body.place, reason: "\(body.type.rawValue) found, expected bool for \(predicate.rawValue)")
        }
        return Part(
            expression: .predicate(predicate, list.expression, body.expression), type: predicate.result, place: at.place
        )
    }

    /// `let NAME = VALUE; EXPRESSION`.
    private mutating func binding() throws(ExpressionFailure) -> Part {
        next += 1
        let at = token
        guard case .word(let name) = at.kind else { throw failure(at, "\(at.text) found, expected a name after let") }
        guard !ExpressionScope.isReserved(name), scope.variables[name] == nil else {
            throw failure(at, "the name '\(name)' is taken, expected another after let")
        }
        next += 1
        try expect("=")
        let value = try expression(0)
        try expect(";")
        scope.variables[name] = value.type
        defer { scope.variables[name] = nil }
        let body = try expression(0)
        return Part(
            expression: .bound(name, value.expression, body.expression), type: body.type, place: at.place)
    }

    /// What may stand where a value is expected, and is of this query or this directive.
    private var names: [String] {
        let functions = ExpressionFunction.allCases.filter { $0 != .group || scope.hasGroups }.map(\.rawValue)
        return (functions + scope.variables.keys).sorted()
    }

    /// What may stand there besides.
    private var others: [String] {
        ExpressionBuiltin.allCases.map(\.rawValue) + ExpressionPredicate.allCases.map(\.rawValue)
    }
}
