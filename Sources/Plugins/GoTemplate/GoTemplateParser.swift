/// Makes the parts of a template of its words, and checks every name in them: a template that names what is not there would
/// fail for each query.
struct GoTemplateParser {
    private typealias Kind = GoTemplateLexer.Token.Kind

    /// How deep conditions and parentheses may be nested: the parser calls itself for each.
    private static let deepest = 32

    private let tokens: [GoTemplateLexer.Token]
    private let fields: GoFields
    private var place = 0
    private var depth = 0

    init(_ tokens: [GoTemplateLexer.Token], fields: GoFields) {
        self.tokens = tokens
        self.fields = fields
    }

    /// The whole template.
    mutating func nodes() throws(GoTemplate.Failure) -> [GoTemplate.Node] {
        let (nodes, end) = try list()
        if let end { throw failure("unexpected {{\(end.word)}}", at: end.offset) }
        return nodes
    }

    /// The word that ended a list: `else` or `end`.
    private struct Keyword {
        let word: String
        let offset: Int
    }

    /// Every template ends with `end`, so there is always a next word.
    private var token: GoTemplateLexer.Token {
        place < tokens.count ? tokens[place] : GoTemplateLexer.Token(kind: .end, offset: 0, followsBlank: false)
    }

    private mutating func advance() { place += 1 }

    private func failure(_ message: String, at offset: Int? = nil) -> GoTemplate.Failure {
        GoTemplate.Failure(message: message, offset: offset ?? token.offset)
    }

    private mutating func deeper() throws(GoTemplate.Failure) {
        depth += 1
        if depth > Self.deepest { throw failure("nested deeper than \(Self.deepest)") }
    }

    /// Nodes up to the end of the text, or to `{{else` or `{{end`, which is taken but for what follows it.
    private mutating func list() throws(GoTemplate.Failure) -> ([GoTemplate.Node], Keyword?) {
        var nodes: [GoTemplate.Node] = []
        while true {
            switch token.kind {
            case .end: return (nodes, nil)
            case .text(let text):
                advance()
                nodes.append(.text(text))
            default:
                advance()
                if case .identifier(let word) = token.kind {
                    let offset = token.offset
                    switch word {
                    case "else", "end":
                        advance()
                        return (nodes, Keyword(word: word, offset: offset))
                    case "if":
                        advance()
                        nodes.append(try condition(offset))
                        continue
                    case "with", "range", "define", "template", "block", "break", "continue":
                        throw failure("{{\(word)}} is known in Go, not in apodns")
                    default: break
                    }
                }
                nodes.append(.output(try pipeline()))
                try expectClose()
            }
        }
    }

    private mutating func expectClose() throws(GoTemplate.Failure) {
        guard token.kind == .close else { throw failure("unexpected \(describe(token.kind)), expected }}") }
        advance()
    }

    private mutating func condition(_ start: Int) throws(GoTemplate.Failure) -> GoTemplate.Node {
        try deeper()
        defer { depth -= 1 }
        let condition = try pipeline()
        try expectClose()
        let (then, end) = try list()
        guard let end else { throw failure("unexpected end of the template, expected {{end}} for {{if}}", at: start) }
        if end.word == "end" {
            try expectClose()
            return .condition(condition, then: then, otherwise: [])
        }
        if token.kind == .identifier("if") {
            // Go: `{{else if}}` shares the {{end}} of the `if` before it.
            let offset = token.offset
            advance()
            return .condition(condition, then: then, otherwise: [try self.condition(offset)])
        }
        try expectClose()
        let (otherwise, last) = try list()
        guard let last else { throw failure("unexpected end of the template, expected {{end}} for {{if}}", at: start) }
        guard last.word == "end" else { throw failure("unexpected {{else}}", at: last.offset) }
        try expectClose()
        return .condition(condition, then: then, otherwise: otherwise)
    }

    /// Commands with `|` between them: each is the last argument of the next.
    private mutating func pipeline() throws(GoTemplate.Failure) -> GoExpression {
        var value = try command(nil)
        while token.kind == .pipe {
            advance()
            value = try command(value)
        }
        return value
    }

    private mutating func command(_ piped: GoExpression?) throws(GoTemplate.Failure) -> GoExpression {
        let first = token
        switch first.kind {
        case .identifier(let word) where Self.constant(word) == nil:
            guard let function = GoFunction(rawValue: word) else { throw failure("function \"\(word)\" not defined") }
            advance()
            let arguments = try operands() + (piped.map { [$0] } ?? [])
            guard function.argumentCounts.contains(arguments.count) else {
                throw failure("wrong number of arguments for \(word): \(arguments.count)", at: first.offset)
            }
            return .call(function, arguments)
        case .field(let name):
            if case .method? = fields.kinds[name] {
                advance()
                let arguments = try operands() + (piped.map { [$0] } ?? [])
                guard arguments.count == 1, let argument = arguments.first else {
                    throw failure(
                        "wrong number of arguments for .\(name): \(arguments.count), expected 1", at: first.offset)
                }
                return .method(name, argument)
            }
        default: break
        }
        let value = try operand()
        guard piped == nil else { throw failure("non executable command in pipeline", at: first.offset) }
        guard isAtEnd else { throw failure("can't give argument to non-function", at: first.offset) }
        return value
    }

    private var isAtEnd: Bool {
        switch token.kind {
        case .close, .pipe, .closeParenthesis, .end, .text: true
        default: false
        }
    }

    private mutating func operands() throws(GoTemplate.Failure) -> [GoExpression] {
        var values: [GoExpression] = []
        while !isAtEnd { values.append(try operand()) }
        return values
    }

    private mutating func operand() throws(GoTemplate.Failure) -> GoExpression {
        let first = token
        switch first.kind {
        case .string(let text):
            advance()
            return .literal(.string(text))
        case .number(let number):
            advance()
            return .literal(.integer(number))
        case .identifier(let word):
            if let value = Self.constant(word) {
                advance()
                return .literal(value)
            }
            guard let function = GoFunction(rawValue: word) else { throw failure("function \"\(word)\" not defined") }
            guard function.argumentCounts.contains(0) else {
                throw failure("wrong number of arguments for \(word): 0")
            }
            advance()
            return .call(function, [])
        case .openParenthesis:
            try deeper()
            defer { depth -= 1 }
            advance()
            let value = try pipeline()
            guard token.kind == .closeParenthesis else {
                throw failure("unclosed left paren", at: first.offset)
            }
            advance()
            return value
        case .field: return try field()
        case .variable(let name):
            // Go: `$` is the data, so that `$.Name` is `.Name`.
            advance()
            if name.isEmpty, case .field = token.kind, !token.followsBlank { return try field() }
            throw failure("variables such as $\(name) are known in Go, not in apodns", at: first.offset)
        default: throw failure("unexpected \(describe(first.kind)), expected a field, a function or a value")
        }
    }

    private static func constant(_ word: String) -> GoValue? {
        word == "true" ? .boolean(true) : word == "false" ? .boolean(false) : nil
    }

    /// A field with those of its own: `.Question.Name`.
    private mutating func field() throws(GoTemplate.Failure) -> GoExpression {
        let start = token.offset
        var path: [String] = []
        while case .field(let name) = token.kind, path.isEmpty || !token.followsBlank {
            if name.isEmpty {
                throw failure("the data as a whole (.) have no use in a record, expected \(names)")
            }
            path.append(name)
            advance()
        }
        guard let kind = path.first.flatMap({ fields.kinds[$0] }) else {
            throw failure("there is no .\(path.first ?? ""), expected \(names)", at: start)
        }
        switch kind {
        case .plain where path.count == 1, .map where path.count <= 2: return .field(path)
        case .structure(let names):
            guard path.count <= 2 else { throw failure("there is no .\(path.joined(separator: "."))", at: start) }
            if path.count == 2, !names.contains(path[1]) {
                let known = names.map { ".\(path[0]).\($0)" }.joined(separator: ", ")
                throw failure("there is no .\(path[0]).\(path[1]), expected \(known)", at: start)
            }
            return .field(path)
        case .method: throw failure("wrong number of arguments for .\(path[0]): 0, expected 1", at: start)
        default: throw failure("there is no .\(path.joined(separator: "."))", at: start)
        }
    }

    private var names: String { fields.kinds.keys.sorted().map { ".\($0)" }.joined(separator: ", ") }

    private func describe(_ kind: GoTemplateLexer.Token.Kind) -> String {
        switch kind {
        case .text, .end: "end of the template"
        case .open: "{{"
        case .close: "}}"
        case .identifier(let word): "'\(word)'"
        case .field(let name): "'.\(name)'"
        case .variable(let name): "'$\(name)'"
        case .string(let text): "\"\(text)\""
        case .number(let number): "'\(number)'"
        case .pipe: "'|'"
        case .openParenthesis: "'('"
        case .closeParenthesis: "')'"
        case .other(let text): "'\(text)'"
        }
    }
}
