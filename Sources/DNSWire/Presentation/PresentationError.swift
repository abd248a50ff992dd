/// Why the presentation text of a record cannot be read, and where.
package struct PresentationError: Error, Hashable, Sendable {
    /// Counted from 1, from the start of the text.
    package var line: Int
    /// Counted from 1, in octets from the start of the line.
    package var column: Int
    /// What stands there, as the end of the sentence "found ...".
    package var found: String
    /// What may stand there, as the end of the sentence "expected ...".
    package var expected: String

    package init(line: Int, column: Int, found: String, expected: String) {
        self.line = line
        self.column = column
        self.found = found
        self.expected = expected
    }
}

extension PresentationError: CustomStringConvertible {
    /// "LINE:COLUMN: found ..., expected ...", ready to be put behind a file's name and a colon.
    package var description: String { "\(line):\(column): found \(found), expected \(expected)" }
}
