/// Reads one directive from left to right, as a plugin does when it sets itself up.
package struct DirectiveCursor: Stanza {
    /// The directive that is read.
    package let directive: Directive
    private var taken = 0

    /// Starts before the first argument.
    package init(_ directive: Directive) {
        self.directive = directive
    }

    /// The plugin's name.
    package var name: Token { directive.name }
    /// All arguments on the directive's line, those already taken too.
    package var arguments: [Token] { directive.arguments }
    /// Whether it has a block, even an empty one.
    package var hasBlock: Bool { directive.hasBlock }

    /// Takes the next argument on the directive's line.
    package mutating func nextArgument() -> Token? {
        guard taken < arguments.count else { return nil }
        defer { taken += 1 }
        return arguments[taken]
    }

    /// Takes the next argument; `what` says what was expected where there is none.
    package mutating func requireArgument(_ what: String) throws(CorefileError) -> Token {
        guard let argument = nextArgument() else {
            throw (arguments.last ?? name).error(
                "line ends after '\((arguments.last ?? name).text.inMessage)', expected \(what)")
        }
        return argument
    }

    /// Takes all arguments that are left.
    package mutating func remainingArguments() -> [Token] {
        defer { taken = arguments.count }
        return Array(arguments.dropFirst(taken))
    }

    /// The lines of the block.
    package func properties() throws(CorefileError) -> [Property] {
        try directive.properties()
    }
}
