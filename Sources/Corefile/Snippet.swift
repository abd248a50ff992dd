/// A named piece of a Corefile, written `(name) { ... }` and put in place by `import name`.
struct Snippet {
    /// Where its name stands.
    let location: SourceLocation
    /// What stands between its braces, not yet expanded.
    let tokens: [Token]
}

/// Whether a key is the name of a snippet: anything in parentheses.
func isSnippetName(_ key: String) -> Bool {
    key.hasPrefix("(") && key.hasSuffix(")") && key.utf8.count >= 2
}

extension Parser {
    /// Takes the body of a snippet whose name has been taken. Imports in it are expanded where it is used.
    mutating func defineSnippet(_ key: Token) throws(CorefileError) {
        let name = String(key.text.dropFirst().dropLast())
        if let earlier = snippets[name] {
            throw key.error("snippet '\(name.inMessage)' is defined again, first at \(earlier.location)")
        }
        guard let brace = stream.next(), brace.isOpenBrace else {
            throw key.error("Unexpected end of the snippet '\(name.inMessage)' after its name, expected '{'")
        }
        var tokens: [Token] = []
        var depth = 1
        while let token = stream.next() {
            if token.isOpenBrace {
                depth += 1
            } else if token.isCloseBrace {
                depth -= 1
                if depth == 0 {
                    // What an import puts in place starts a line, wherever it stood when it was defined.
                    if let first = tokens.first { tokens[0] = first.startingLine() }
                    snippets[name] = Snippet(location: key.location, tokens: tokens)
                    return
                }
            }
            tokens.append(token)
        }
        throw unclosed(brace)
    }
}
