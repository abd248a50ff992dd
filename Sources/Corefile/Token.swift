/// One word of a Corefile, with the place it came from.
package struct Token: Sendable, Hashable, CustomStringConvertible {
    /// What a token is to the structure of the file.
    enum Role: Sendable, Hashable {
        case word
        case openBrace
        case closeBrace
    }

    /// The word: without its quotes, and with environment references replaced once it is part of a directive.
    package let text: String
    /// Where the word (or its opening quote) starts.
    package let location: SourceLocation
    /// Whether it stood between double quotes.
    package let wasQuoted: Bool
    /// Whether it is the first token on its line. A newline inside a quoted token starts no new line, and what an
    /// import inserts always starts one.
    package let startsLine: Bool
    /// A brace only where it was written bare: a quoted brace, or one out of an environment variable, is a word.
    let role: Role

    /// Makes a token; a bare `{` or `}` becomes a brace.
    package init(text: String, location: SourceLocation, wasQuoted: Bool = false, startsLine: Bool = false) {
        self.text = text
        self.location = location
        self.wasQuoted = wasQuoted
        self.startsLine = startsLine
        if wasQuoted {
            self.role = .word
        } else {
            self.role = text == "{" ? .openBrace : text == "}" ? .closeBrace : .word
        }
    }

    private init(word: String, like token: Token, startsLine: Bool, role: Role) {
        self.text = word
        self.location = token.location
        self.wasQuoted = token.wasQuoted
        self.startsLine = startsLine
        self.role = role
    }

    /// Whether this is a brace that opens a block.
    package var isOpenBrace: Bool { role == .openBrace }
    /// Whether this is a brace that closes a block.
    package var isCloseBrace: Bool { role == .closeBrace }
    /// The word.
    package var description: String { text }

    /// The same place with another word, which is never a brace unless it was one before.
    func replacingText(_ text: String) -> Token {
        text == self.text ? self : Token(word: text, like: self, startsLine: startsLine, role: .word)
    }

    /// The same token at the start of a line.
    func startingLine() -> Token {
        Token(word: text, like: self, startsLine: true, role: role)
    }

    /// An error at this token.
    package func error(_ message: String) -> CorefileError {
        CorefileError(location: location, message: message)
    }
}
