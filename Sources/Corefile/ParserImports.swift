extension Parser {
    /// How many imports one Corefile may lead to; CoreDNS's limit for snippets. Files and snippets that import several
    /// others could otherwise double without end.
    static let maximumImports = 10_000
    /// How many tokens all imports together may give, so that few imports of large files stay within memory.
    static let maximumTokens = 1_000_000

    /// Puts what `import NAME` stands for before the rest of the tokens: a snippet of that name, or else the file or the
    /// files that match, relative to the file in which the import stands.
    mutating func expandImport(_ word: Token) throws(CorefileError) {
        guard let raw = stream.nextOnLine() else {
            throw word.error("Unexpected end of line after 'import', expected a snippet, a file or a pattern")
        }
        if raw.isOpenBrace || raw.isCloseBrace {
            throw raw.error("Unexpected '\(raw.text)' after 'import', expected a snippet, a file or a pattern")
        }
        let argument = try references.replaced(in: raw)
        if argument.text.isEmpty {
            throw argument.error("Import of an empty name, expected a snippet, a file or a pattern")
        }
        if let surplus = stream.nextOnLine() {
            throw surplus.error(
                "Unexpected token '\(surplus.text.inMessage)', expected the end of the line after the only argument of "
                    + "'import'")
        }
        if let snippet = snippets[argument.text] {
            try push(snippet.tokens, from: .snippet(argument.text), importedBy: argument)
        } else {
            try importFiles(argument)
        }
    }

    private mutating func importFiles(_ argument: Token) throws(CorefileError) {
        let pattern: GlobPattern
        do {
            pattern = try GlobPattern(Self.path(argument.text, relativeTo: argument.location.file))
        } catch {
            throw argument.error(error.message)
        }
        let paths = pattern.matches(in: files)
        if paths.isEmpty {
            guard pattern.isPattern else {
                throw argument.error(
                    "File to import not found: '\(argument.text.inMessage)', expected a snippet or a file of that name"
                        + didYouMean(argument.text, in: snippets.keys))
            }
            warnings.append(
                CorefileWarning(
                    location: argument.location,
                    message: "No files matching import glob pattern: \(argument.text.inMessage)"))
        }
        var imported: [[Token]] = []
        for path in paths { imported.append(try fileTokens(path, importedBy: argument)) }
        // What is pushed last is read first.
        for (path, tokens) in zip(paths, imported).reversed() {
            try push(tokens, from: .file(path), importedBy: argument)
        }
    }

    private mutating func fileTokens(_ path: String, importedBy argument: Token) throws(CorefileError) -> [Token] {
        let bytes: [UInt8]
        do {
            bytes = try files.contents(of: path)
        } catch {
            throw argument.error("Could not import \(path.inMessage): \(error)")
        }
        if !filesRead.contains(path) { filesRead.append(path) }
        let lexer = try Lexer(text: String(decoding: bytes, as: UTF8.self), file: path)
        warnings += lexer.warnings
        return lexer.tokens
    }

    private mutating func push(
        _ tokens: [Token], from source: TokenStream.Source, importedBy argument: Token
    ) throws(CorefileError) {
        if stream.isExpanding(source) {
            throw argument.error("import cycle: '\(argument.text.inMessage)' is being imported already")
        }
        importCount += 1
        if importCount > Self.maximumImports {
            throw argument.error("more than \(Self.maximumImports) imports")
        }
        tokenCount += tokens.count
        if tokenCount > Self.maximumTokens {
            throw argument.error("imports give more than \(Self.maximumTokens) words")
        }
        stream.push(tokens, from: source)
    }

    /// A path as written in a file, seen from where that file is.
    private static func path(_ path: String, relativeTo file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}
