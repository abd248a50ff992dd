/// Takes a template apart: text, and the words between `{{` and `}}`.
struct GoTemplateLexer {
    /// A word, and where it begins: `offset` counts Unicode scalars of the template.
    struct Token: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case text(String)
            case open
            case close
            case identifier(String)
            /// `.` alone or `.Name`, with the name.
            case field(String)
            case variable(String)
            case string(String)
            case number(Int64)
            case pipe
            case openParenthesis
            case closeParenthesis
            case other(String)
            case end
        }
        let kind: Kind
        let offset: Int
        /// Whether a blank stands before it: fields that follow a word without one belong to it.
        let followsBlank: Bool
    }

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var tokens: [Token] = []
    private var trimsNext = false

    /// The words of a template, the last of them `end`.
    static func tokens(_ source: String) throws(GoTemplate.Failure) -> [Token] {
        var lexer = GoTemplateLexer(scalars: Array(source.unicodeScalars))
        while lexer.place < lexer.scalars.count { try lexer.takeText() }
        lexer.add(.end, at: lexer.place)
        return lexer.tokens
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private func scalar(_ ahead: Int = 0) -> Unicode.Scalar? {
        place + ahead < scalars.count ? scalars[place + ahead] : nil
    }

    private mutating func add(_ kind: Token.Kind, at offset: Int, followsBlank: Bool = false) {
        tokens.append(Token(kind: kind, offset: offset, followsBlank: followsBlank))
    }

    private static func isBlank(_ scalar: Unicode.Scalar?) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n"
    }

    private static func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    /// Text up to the next `{{`, then what stands between the braces.
    private mutating func takeText() throws(GoTemplate.Failure) {
        let start = place
        while place < scalars.count, !(scalar() == "{" && scalar(1) == "{") { place += 1 }
        var text = scalars[start..<place]
        if trimsNext { text = text.drop { Self.isBlank($0) } }
        let opens = place
        let isOpen = place < scalars.count
        // Go: `{{- ` takes the blanks before it away, and ` -}}` those behind it.
        let trims = isOpen && scalar(2) == "-" && Self.isBlank(scalar(3))
        if trims { while let last = text.last, Self.isBlank(last) { text.removeLast() } }
        if !text.isEmpty {
            var string = ""
            string.unicodeScalars.append(contentsOf: text)
            add(.text(string), at: start)
        }
        guard isOpen else { return }
        place += trims ? 3 : 2
        try takeAction(opens)
    }

    private mutating func takeAction(_ opens: Int) throws(GoTemplate.Failure) {
        var ahead = 0
        while Self.isBlank(scalar(ahead)) { ahead += 1 }
        if scalar(ahead) == "/", scalar(ahead + 1) == "*" { return try takeComment(opens, ahead) }
        add(.open, at: opens)
        var followsBlank = false
        while let next = scalar() {
            if Self.isBlank(next) {
                followsBlank = true
                place += 1
                continue
            }
            if try closes(followsBlank) { return }
            try takeWord(next, followsBlank)
            followsBlank = false
        }
        throw GoTemplate.Failure(message: "unclosed action", offset: opens)
    }

    private mutating func closes(_ followsBlank: Bool) throws(GoTemplate.Failure) -> Bool {
        if scalar() == "}", scalar(1) == "}" {
            add(.close, at: place)
            place += 2
            trimsNext = false
            return true
        }
        if followsBlank, scalar() == "-", scalar(1) == "}", scalar(2) == "}" {
            add(.close, at: place)
            place += 3
            trimsNext = true
            return true
        }
        return false
    }

    private mutating func takeComment(_ opens: Int, _ ahead: Int) throws(GoTemplate.Failure) {
        place += ahead + 2
        while place < scalars.count, !(scalar() == "*" && scalar(1) == "/") { place += 1 }
        guard place < scalars.count else { throw GoTemplate.Failure(message: "unclosed comment", offset: opens) }
        place += 2
        var followsBlank = false
        while Self.isBlank(scalar()) {
            followsBlank = true
            place += 1
        }
        guard try closes(followsBlank) else {
            throw GoTemplate.Failure(message: "comment ends before closing delimiter", offset: place)
        }
        // A comment leaves nothing behind, not even its closing braces.
        tokens.removeLast()
    }

    private mutating func takeWord(_ first: Unicode.Scalar, _ followsBlank: Bool) throws(GoTemplate.Failure) {
        let start = place
        place += 1
        switch first {
        case "|": add(.pipe, at: start)
        case "(": add(.openParenthesis, at: start, followsBlank: followsBlank)
        case ")": add(.closeParenthesis, at: start)
        case "\"": add(.string(try takeString(start)), at: start)
        case "`":
            let opened = place
            while place < scalars.count, scalar() != "`" { place += 1 }
            guard place < scalars.count else {
                throw GoTemplate.Failure(message: "unterminated raw quoted string", offset: start)
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[opened..<place])
            place += 1
            add(.string(text), at: start)
        case ".": add(.field(takeLetters()), at: start, followsBlank: followsBlank)
        case "$": add(.variable(takeLetters()), at: start)
        case "0"..."9", "-", "+":
            let text = String(first) + takeLetters()
            guard let number = Self.number(text) else {
                throw GoTemplate.Failure(message: "bad number syntax: \"\(text)\"", offset: start)
            }
            add(.number(number), at: start)
        default:
            place = start
            let word = takeLetters()
            if word.isEmpty {
                place += 1
                add(.other(String(first)), at: start)
            } else {
                add(.identifier(word), at: start)
            }
        }
    }

    private mutating func takeLetters() -> String {
        var text = ""
        while let next = scalar(), Self.isLetter(next) {
            text.unicodeScalars.append(next)
            place += 1
        }
        return text
    }

    private mutating func takeString(_ start: Int) throws(GoTemplate.Failure) -> String {
        var text = ""
        while let next = scalar(), next != "\n" {
            place += 1
            if next == "\"" { return text }
            guard next == "\\" else {
                text.unicodeScalars.append(next)
                continue
            }
            switch scalar() {
            case "n": text += "\n"
            case "t": text += "\t"
            case "\"": text += "\""
            case "\\": text += "\\"
            default: throw GoTemplate.Failure(message: "invalid escape, expected \\\\, \\\", \\n or \\t", offset: place)
            }
            place += 1
        }
        throw GoTemplate.Failure(message: "unterminated quoted string", offset: start)
    }

    private static func number(_ text: String) -> Int64? {
        let lowered = text.lowercased()
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where lowered.hasPrefix(prefix) {
            return Int64(lowered.dropFirst(2), radix: radix)
        }
        return Int64(text)
    }
}
