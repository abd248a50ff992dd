/// Why the text of a label selector cannot be read.
package struct LabelSelectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where in the text, in bytes from 0; the text's length where it ended too soon.
    package let offset: Int
    /// What stands there; empty at the end of the text.
    package let found: String
    /// What was expected instead.
    package let expected: String

    init(offset: Int, found: String, expected: String) {
        self.offset = offset
        self.found = found
        self.expected = expected
    }

    /// One line: column (from 1), what was found, what was expected.
    package var description: String {
        let what = found.isEmpty ? "the end of the selector" : "\"\(found)\""
        return "column \(offset + 1) of the label selector: found \(what), expected \(expected)"
    }
}
