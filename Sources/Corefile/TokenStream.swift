/// The tokens still to be parsed: the main file's, and on top of them those of the imports under way.
struct TokenStream {
    /// What tokens were imported from.
    enum Source: Equatable {
        case file(String)
        case snippet(String)
    }

    private struct Frame {
        let tokens: [Token]
        var index = 0
        let source: Source

        var next: Token? { index < tokens.count ? tokens[index] : nil }
    }

    private var frames: [Frame] = []

    /// Puts the tokens before all that remain.
    mutating func push(_ tokens: [Token], from source: Source) {
        frames.append(Frame(tokens: tokens, source: source))
    }

    /// The next token, left where it is.
    mutating func peek() -> Token? {
        while let frame = frames.last {
            if let token = frame.next { return token }
            frames.removeLast()
        }
        return nil
    }

    /// Takes the next token.
    @discardableResult
    mutating func next() -> Token? {
        let token = peek()
        if token != nil { frames[frames.count - 1].index += 1 }
        return token
    }

    /// Takes the next token if it is on the line of the one before it. An import's tokens start a line, so this never
    /// leaves a file or snippet, and what is being imported stays known while the import's arguments are read.
    mutating func nextOnLine() -> Token? {
        guard let token = frames.last?.next, !token.startsLine else { return nil }
        frames[frames.count - 1].index += 1
        return token
    }

    /// Whether the source is being expanded, so that importing it again would never end.
    func isExpanding(_ source: Source) -> Bool {
        // An untouched frame is a file of the same pattern that waits for its turn, not one that led here.
        frames.contains { $0.index > 0 && $0.source == source }
    }
}
