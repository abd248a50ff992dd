/// One directive of a server block: the plugin's name and all its tokens. What they mean is the plugin's matter.
package struct Directive: Stanza, Equatable {
    /// How deep blocks may be nested; no plugin goes deeper than two, and the bound keeps recursion safe.
    package static let maximumNesting = 16

    /// The plugin's name.
    package let name: Token
    /// Everything after the name, braces included: for plugins whose block is not made of properties.
    package let tokens: [Token]
    /// The words on the directive's line, up to a brace.
    package let arguments: [Token]
    /// Whether it has a block, even an empty one.
    package let hasBlock: Bool

    /// Makes a directive of its tokens.
    package init(name: Token, tokens: [Token]) {
        self.name = name
        self.tokens = tokens
        let arguments = tokens.prefix { !$0.isOpenBrace }
        self.arguments = Array(arguments)
        self.hasBlock = arguments.count < tokens.count
    }

    /// The lines of the block. The parser has checked the braces, so this fails only for tokens put together elsewhere.
    package func properties() throws(CorefileError) -> [Property] {
        guard hasBlock else { return [] }
        var rest = tokens.dropFirst(arguments.count + 1)
        return try Self.properties(&rest, openedBy: tokens[arguments.count], depth: 1)
    }

    /// Takes the lines up to the closing brace, and that brace.
    private static func properties(
        _ rest: inout ArraySlice<Token>, openedBy brace: Token, depth: Int
    ) throws(CorefileError) -> [Property] {
        if depth > maximumNesting { throw brace.error("blocks nested deeper than \(maximumNesting)") }
        var properties: [Property] = []
        while let name = rest.popFirst() {
            if name.isCloseBrace { return properties }
            if name.isOpenBrace { throw name.error("Unexpected '{', expected a property or '}'") }
            var arguments: [Token] = []
            while let next = rest.first, !next.startsLine, next.role == .word {
                arguments.append(next)
                rest.removeFirst()
            }
            var block: [Property] = []
            var hasBlock = false
            if let next = rest.first, !next.startsLine, next.isOpenBrace {
                rest.removeFirst()
                hasBlock = true
                block = try Self.properties(&rest, openedBy: next, depth: depth + 1)
            }
            properties.append(Property(name: name, arguments: arguments, hasBlock: hasBlock, block: block))
        }
        throw brace.error("Unexpected '{' because no matching closing brace")
    }
}
