/// Groups the tokens of a Corefile into server blocks and directives by the rules of Caddyfile version 1.
///
/// It is more strict than CoreDNS only where that reads a slip of the pen as something else: stray braces, unclosed
/// quotes, unknown schemes, ports that are no numbers.
struct Parser {
    let defaultPort: UInt16
    let references: EnvironmentReferences
    let files: any FileSource
    private let knownDirectives: Set<String>?
    private let knownElsewhere: Set<String>
    private let unknown: ((CorefileError) -> Void)?

    var stream = TokenStream()
    var snippets: [String: Snippet] = [:]
    var warnings: [CorefileWarning] = []
    var filesRead: [String] = []
    /// What the limits of importing count.
    var importCount = 0
    var tokenCount = 0

    init(
        defaultPort: UInt16, environment: @escaping Environment, files: any FileSource, knownDirectives: Set<String>?,
        knownElsewhere: Set<String>, unknown: ((CorefileError) -> Void)?
    ) {
        self.defaultPort = defaultPort
        self.references = EnvironmentReferences(environment: environment)
        self.files = files
        self.knownDirectives = knownDirectives
        self.knownElsewhere = knownElsewhere
        self.unknown = unknown
    }

    mutating func parse(text: String, file: String) throws(CorefileError) -> Corefile {
        filesRead = [file]
        let lexer = try Lexer(text: text, file: file)
        warnings += lexer.warnings
        stream.push(lexer.tokens, from: .file(file))
        var blocks: [ServerBlock] = []
        while stream.peek() != nil {
            if let block = try serverBlock() { blocks.append(block) }
        }
        return Corefile(blocks: blocks, warnings: warnings, files: filesRead)
    }

    // MARK: Server blocks

    /// Reads keys and what belongs to them; nil after a snippet or where no key is left.
    private mutating func serverBlock() throws(CorefileError) -> ServerBlock? {
        let written = try keyTokens()
        if let first = written.first, isSnippetName(first.text) {
            if written.count > 1 {
                throw written[1].error(
                    "Unexpected key '\(written[1].text.inMessage)' after the snippet name '\(first.text.inMessage)', "
                        + "expected '{'")
            }
            try defineSnippet(first)
            return nil
        }

        // The opening brace may stand on a line of its own, after the keys.
        let brace = stream.peek().flatMap { $0.isOpenBrace ? $0 : nil }
        if let brace {
            stream.next()
            if written.isEmpty { throw brace.error("Unexpected '{', expected a zone before it") }
        }
        if let first = written.first, first.text.hasPrefix("(") {
            throw first.error(
                "Unexpected key '\(first.text.inMessage)', expected a zone or a snippet's name in parentheses")
        }
        let keys = written.filter { !$0.text.isEmpty }
        var expanded: [ServerKey] = []
        for key in keys { expanded += try ServerKey.keys(from: key, defaultPort: defaultPort) }
        let directives = try directives(openedBy: brace)
        guard let first = keys.first else {
            // CoreDNS drops a block whose keys are all empty, `""` or an unset variable.
            if let empty = written.first {
                warnings.append(
                    CorefileWarning(
                        location: empty.location, message: "server block without a zone is left out: its keys are empty"
                    ))
            }
            return nil
        }
        return ServerBlock(keys: expanded, directives: directives, location: first.location)
    }

    /// Takes the keys of a block: up to a brace, or to the end of a line that does not end in a comma. Empty keys are
    /// among them.
    private mutating func keyTokens() throws(CorefileError) -> [Token] {
        var keys: [Token] = []
        var comma: Token?
        while let token = stream.peek() {
            if token.isOpenBrace {
                if comma != nil { throw token.error("Unexpected '{' after ',', expected another key") }
                return keys
            }
            if token.startsLine, comma == nil, !keys.isEmpty { return keys }
            if token.isCloseBrace { throw unmatched(token) }
            stream.next()
            if token.text == "import", token.startsLine {
                try expandImport(token)
                continue
            }
            var key = try references.replaced(in: token)
            comma = nil
            if key.text.hasSuffix(",") {
                key = key.replacingText(String(key.text.dropLast()))
                comma = token
                if key.text.isEmpty { throw token.error("Unexpected ',', expected a key before it") }
            }
            if key.text.contains(",") {
                warnings.append(
                    CorefileWarning(
                        location: key.location,
                        message: "',' inside the key '\(key.text.inMessage)' is read as part of the zone's name: "
                            + "put a blank after it to write two keys"))
            }
            keys.append(key)
        }
        if let comma { throw comma.error("Unexpected end of file after ',', expected another key") }
        return keys
    }

    // MARK: Directives

    /// Reads directives up to the closing brace, or to the end of the file where no brace opened the block.
    private mutating func directives(openedBy brace: Token?) throws(CorefileError) -> [Directive] {
        var directives: [Directive] = []
        while let token = stream.next() {
            if token.isCloseBrace {
                if brace == nil { throw unmatched(token) }
                return directives
            }
            if token.text == "import" {
                try expandImport(token)
            } else {
                directives.append(try directive(token))
            }
        }
        if let brace { throw unclosed(brace) }
        return directives
    }

    /// Reads a directive whose name has just been taken: to the end of its line, or of the block that opens there.
    private mutating func directive(_ raw: Token) throws(CorefileError) -> Directive {
        if raw.isOpenBrace { throw raw.error("Unexpected '{', expected a directive or '}'") }
        let name = try references.replaced(in: raw)
        do throws(CorefileError) {
            try checkName(name)
        } catch {
            guard let unknown else { throw error }
            unknown(error)
        }
        var tokens: [Token] = []
        var open: [Token] = []
        var closed: Token?
        while let token = stream.peek() {
            if token.startsLine {
                if token.isOpenBrace {
                    throw token.error(
                        "Unexpected '{' at the start of a line, expected it on the line of the word it belongs to")
                }
                if open.isEmpty { break }
                closed = nil
            } else if closed != nil, !(token.isCloseBrace && !open.isEmpty) {
                if token.isCloseBrace { throw unmatched(token) }
                throw token.error("Unexpected token '\(token.text.inMessage)' after '}', expected the end of the line")
            }
            stream.next()
            if token.text == "import", token.startsLine {
                try expandImport(token)
                continue
            }
            if token.isOpenBrace {
                if open.count == Directive.maximumNesting {
                    throw token.error("blocks nested deeper than \(Directive.maximumNesting)")
                }
                open.append(token)
            } else if token.isCloseBrace {
                if open.popLast() == nil { throw unmatched(token) }
                closed = token
            }
            tokens.append(try references.replaced(in: token))
        }
        if let brace = open.last { throw unclosed(brace) }
        return Directive(name: name, tokens: tokens)
    }

    private func checkName(_ name: Token) throws(CorefileError) {
        guard let knownDirectives, !knownDirectives.contains(name.text) else { return }
        let shown = name.text.inMessage
        if knownElsewhere.contains(name.text) {
            throw name.error("Directive '\(shown)' is known in CoreDNS, not in apodns yet")
        }
        if isSnippetName(name.text) {
            throw name.error("Unexpected snippet '\(shown)' in a server block, expected it outside of all blocks")
        }
        let all = knownDirectives.union(knownElsewhere).union(["import"])
        throw name.error("Unknown directive '\(shown)', expected the name of a plugin" + didYouMean(name.text, in: all))
    }

    func unmatched(_ brace: Token) -> CorefileError {
        // CoreDNS reads a `}` behind a directive's words as the end of a block of that directive.
        brace.error(
            "Unexpected '}' because no matching opening brace; a server block's '}' stands on a line of its own")
    }

    func unclosed(_ brace: Token) -> CorefileError {
        brace.error("Unexpected '{' because no matching closing brace before the end of the file")
    }
}
