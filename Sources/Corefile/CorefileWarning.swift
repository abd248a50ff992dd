/// Something that loads in CoreDNS and here, but is probably not what the writer meant.
package struct CorefileWarning: Sendable, Equatable, CustomStringConvertible {
    /// Where it is.
    package let location: SourceLocation
    /// What was found and what was made of it.
    package let message: String

    /// Makes a warning at a place.
    package init(location: SourceLocation, message: String) {
        self.location = location
        self.message = message
    }

    /// `FILE:LINE:COLUMN: message`.
    package var description: String { "\(location): \(message)" }
}
