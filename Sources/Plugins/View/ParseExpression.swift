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

    private let scope: ExpressionScope

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
        var left = try unary()
        while let (sign, length, isNegated) = upcoming(), sign.precedence >= least {
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
            if at.kind == .sign(".") || at.kind == .sign("|") {
                throw failure(at, "\(at.text) is known in CoreDNS's expressions, not in apodns yet")
            }
            guard take("[") else { return part }
            let index = try expression(0)
            guard part.type.fits(.list), index.type.fits(.integer) else {
                throw failure(at, "[] is not for \(part.type.rawValue) and \(index.type.rawValue)")
            }
            try expect("]")
            part = Part(expression: .element(part.expression, index.expression), type: .unknown, place: part.place)
        }
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
            guard let type = scope.variables[name] else { return try call(name, at) }
            return Part(expression: .variable(name), type: type, place: at.place)
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

    private mutating func call(_ name: String, _ at: ExpressionToken) throws(ExpressionFailure) -> Part {
        guard let function = ExpressionFunction(rawValue: name), function != .group || scope.hasGroups else {
            if ExpressionScope.missing.contains(name) || name == "let" {
                throw failure(at, "'\(name)' is known in CoreDNS's expressions, not in apodns yet")
            }
            throw failure(
                at,
                "unknown name '\(name)', expected one of "
                    + names.joined(separator: ", "))
        }
        try expect("(")
        let arguments = try list(until: ")")
        let parameters = function.parameters
        guard arguments.count == parameters.count else {
            throw failure(at, "\(name) with \(arguments.count) arguments found, expected \(parameters.count)")
        }
        for (argument, type) in zip(arguments, parameters) where !argument.type.fits(type) {
            throw ExpressionFailure(
                place: argument.place, reason: "\(argument.type.rawValue) found, expected \(type.rawValue) for \(name)")
        }
        if function == .group, let argument = arguments.first, !argument.type.fits(.string), argument.type != .integer {
            throw ExpressionFailure(
                place: argument.place, reason: "\(argument.type.rawValue) found, expected string or int for \(name)")
        }
        return Part(expression: .call(function, arguments.map(\.expression)), type: function.result, place: at.place)
    }

    /// What may stand where a value is expected.
    private var names: [String] {
        let functions = ExpressionFunction.allCases.filter { $0 != .group || scope.hasGroups }.map(\.rawValue)
        return (functions + scope.variables.keys).sorted()
    }
}
