/// One line of a directive's block: a name, its arguments and perhaps a block of its own.
package struct Property: Stanza, Equatable {
    /// The first word of the line.
    package let name: Token
    /// The words after it, up to a brace.
    package let arguments: [Token]
    /// Whether `{` follows on its line.
    package let hasBlock: Bool
    /// The lines of its own block.
    package let block: [Property]

    /// Makes a property of its parts.
    package init(name: Token, arguments: [Token] = [], hasBlock: Bool = false, block: [Property] = []) {
        self.name = name
        self.arguments = arguments
        self.hasBlock = hasBlock
        self.block = block
    }
}
