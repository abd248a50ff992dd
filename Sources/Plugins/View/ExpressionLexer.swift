/// The words of an expression.
struct ExpressionToken: Equatable {
    enum Kind: Equatable {
        case string(String)
        case integer(Int)
        case float(Double)
        /// A name or an operator that is a word.
        case word(String)
        /// Any other operator or a bracket.
        case sign(String)
        case end
    }

    let kind: Kind
    /// Counted from 1.
    let place: Int

    /// What an error says was found.
    var text: String {
        switch kind {
        case .string(let text): "'\(text)'"
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        case .word(let text), .sign(let text): "'\(text)'"
        case .end: "the end"
        }
    }
}

/// Splits the text of an expression into words.
struct ExpressionLexer {
    private static let signs = [
        "||", "&&", "==", "!=", "<=", ">=", "**", "..", "??", "<", ">", "!", "+", "-", "*", "/", "%", "^", "?", ":",
        "(", ")", "[", "]", "{", "}", ",", ".", "|", "#", ";", "=",
    ]

    /// Far more than anybody writes, and the bound keeps recursion safe.
    private static let mostTokens = 2000

    private let text: [Character]
    private var place = 0

    private init(_ text: String) { self.text = Array(text) }

    /// The words with `end` as the last.
    static func tokens(_ text: String) throws(ExpressionFailure) -> [ExpressionToken] {
        var lexer = ExpressionLexer(text)
        var tokens: [ExpressionToken] = []
        repeat {
            tokens.append(try lexer.next())
            if tokens.count > mostTokens {
                throw ExpressionFailure(place: lexer.place, reason: "more than \(mostTokens) words")
            }
        } while tokens.last?.kind != .end
        return tokens
    }

    private mutating func next() throws(ExpressionFailure) -> ExpressionToken {
        while place < text.count, text[place].isWhitespace { place += 1 }
        let start = place
        func token(_ kind: ExpressionToken.Kind) -> ExpressionToken { ExpressionToken(kind: kind, place: start + 1) }
        guard place < text.count else { return token(.end) }
        let first = text[place]
        if first == "'" || first == "\"" || first == "`" { return token(.string(try string())) }
        if first.isASCII, first.isNumber { return token(try number()) }
        if first.isLetter || first == "_" || first == "$" {
            while place < text.count, text[place].isLetter || text[place].isNumber || "_$".contains(text[place]) {
                place += 1
            }
            return token(.word(String(text[start..<place])))
        }
        for sign in Self.signs where text[place...].starts(with: sign) {
            place += sign.count
            return token(.sign(sign))
        }
        throw ExpressionFailure(place: start + 1, reason: "'\(first)' found, expected a value or an operator")
    }

    private mutating func string() throws(ExpressionFailure) -> String {
        let start = place
        let quote = text[place]
        place += 1
        var found = ""
        while place < text.count {
            let character = text[place]
            place += 1
            if character == quote { return found }
            guard character == "\\", quote != "`" else {
                found.append(character)
                continue
            }
            guard place < text.count else { break }
            let escaped = text[place]
            place += 1
            switch escaped {
            case "n": found.append("\n")
            case "r": found.append("\r")
            case "t": found.append("\t")
            case "\\", "'", "\"", "`": found.append(escaped)
            default:
                throw ExpressionFailure(
                    place: place - 1, reason: "'\\\(escaped)' found, expected \\\\, \\', \\\", \\n, \\r or \\t")
            }
        }
        throw ExpressionFailure(place: start + 1, reason: "a string begins here and does not end")
    }

    private mutating func number() throws(ExpressionFailure) -> ExpressionToken.Kind {
        let start = place
        var digits = ""
        var isFloat = false
        while place < text.count {
            let character = text[place]
            if character == ".", !isFloat, place + 1 < text.count, text[place + 1].isNumber {
                isFloat = true
            } else if !(character.isASCII && (character.isNumber || character == "_")) {
                break
            }
            if character != "_" { digits.append(character) }
            place += 1
        }
        if isFloat, let value = Double(digits) { return .float(value) }
        if !isFloat, let value = Int(digits) { return .integer(value) }
        throw ExpressionFailure(place: start + 1, reason: "'\(digits)' is not a number that fits")
    }
}
