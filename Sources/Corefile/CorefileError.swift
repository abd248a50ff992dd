/// What is wrong with a Corefile and where: what was found and what was expected.
package struct CorefileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where it is.
    package let location: SourceLocation
    /// What was found and what was expected, without the place.
    package let message: String

    /// Makes an error at a place.
    package init(location: SourceLocation, message: String) {
        self.location = location
        self.message = message
    }

    /// `FILE:LINE:COLUMN: message`.
    package var description: String { "\(location): \(message)" }
}
