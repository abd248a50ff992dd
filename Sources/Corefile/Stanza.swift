/// A name with its arguments and perhaps a block: a directive, or a property inside a block.
package protocol Stanza: Sendable {
    /// The word that says what it is.
    var name: Token { get }
    /// The words after it on its line, up to a brace.
    var arguments: [Token] { get }
    /// Whether `{` follows on its line, even if the block is empty.
    var hasBlock: Bool { get }
}

extension Stanza {
    /// An error at the name.
    package func error(_ message: String) -> CorefileError {
        name.error(message)
    }

    /// Fails unless the number of arguments is within the range, at the first argument too many or at the name.
    package func expectArguments(_ counts: ClosedRange<Int>) throws(CorefileError) {
        try check(counts, expected: Self.describe(counts))
    }

    /// Fails unless there are at least so many arguments.
    package func expectArguments(_ counts: PartialRangeFrom<Int>) throws(CorefileError) {
        let least = counts.lowerBound
        try check(least...Int.max, expected: "at least \(least) argument\(least == 1 ? "" : "s")")
    }

    /// Fails unless there are exactly so many arguments.
    package func expectArguments(_ count: Int) throws(CorefileError) {
        try expectArguments(count...count)
    }

    /// The only argument; none or several are an error.
    package func onlyArgument() throws(CorefileError) -> Token {
        try expectArguments(1)
        guard let argument = arguments.first else { throw error("'\(name.text.inMessage)' has no argument") }
        return argument
    }

    /// Fails if there is a block.
    package func expectNoBlock() throws(CorefileError) {
        if hasBlock { throw error("'\(name.text.inMessage)' has a block, expected none") }
    }

    /// The error for a property that this block does not have; names the nearest of those it has.
    package func unknownProperty(_ property: Property, known: [String]) -> CorefileError {
        let expected = known.isEmpty ? "none" : (known.count == 1 ? "" : "one of ") + known.joined(separator: ", ")
        return property.error(
            "unknown property '\(property.name.text.inMessage)' of '\(name.text.inMessage)', expected \(expected)"
                + didYouMean(property.name.text, in: known))
    }

    private func check(_ counts: ClosedRange<Int>, expected: String) throws(CorefileError) {
        if arguments.count > counts.upperBound {
            let surplus = arguments[max(counts.upperBound, 0)]
            throw surplus.error(
                "Unexpected argument '\(surplus.text.inMessage)' of '\(name.text.inMessage)', expected \(expected)")
        }
        if arguments.count < counts.lowerBound {
            let found =
                arguments.isEmpty ? "no argument" : "\(arguments.count) argument\(arguments.count == 1 ? "" : "s")"
            throw error("'\(name.text.inMessage)' has \(found), expected \(expected)")
        }
    }

    private static func describe(_ counts: ClosedRange<Int>) -> String {
        let (least, most) = (counts.lowerBound, counts.upperBound)
        if most == 0 { return "none" }
        if least == most { return "\(least) argument\(least == 1 ? "" : "s")" }
        if least == 0 { return "at most \(most) argument\(most == 1 ? "" : "s")" }
        return "\(least) to \(most) arguments"
    }
}
