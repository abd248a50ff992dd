/// A word of presentation text, its escapes not yet replaced: what they mean depends on the field.
package struct PresentationToken: Hashable, Sendable {
    /// Without the quotes around it.
    package var octets: [UInt8]
    /// Whether it began with a quote: `"@"` is no origin, and `"\#"` begins no generic data.
    package var isQuoted: Bool
    /// Counted from 1.
    package var line: Int
    /// Counted from 1, in octets.
    package var column: Int

    /// The token as an error shows it: in quotes, cut after some 60 octets.
    var shown: String {
        guard octets.count > Self.longestShown else { return OctetEscaping.quoted(octets) }
        return OctetEscaping.quoted(octets.prefix(Self.longestShown)) + "..."
    }

    /// A time in seconds, or with units as in "1h30m"; nothing if it is none or does not fit.
    package var seconds: UInt32? { RecordFields.seconds(self) }

    /// An error at this token.
    package func error(expected: String) -> PresentationError {
        PresentationError(line: line, column: column, found: shown, expected: expected)
    }

    /// Octets of a token that an error repeats: enough to find it, and a line still fits a terminal.
    private static var longestShown: Int { 60 }
}

/// One entry of a zone file: the words of a line, or of several lines held together by parentheses (RFC 1035, section 5.1).
package struct PresentationEntry: Hashable, Sendable {
    /// At least one.
    package var tokens: [PresentationToken]
    /// Whether the line begins with a blank, which stands for the owner of the entry before.
    package var beginsWithBlank: Bool
    /// Where the entry ends, for what is missing there; both counted from 1.
    package var endLine: Int
    package var endColumn: Int
}
