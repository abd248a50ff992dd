/// A place in a text. Lines and columns count from 1; a column is a byte in JSON, a character in YAML.
package struct TextPosition: Sendable, Hashable {
    /// The line.
    package let line: Int
    /// The column.
    package let column: Int

    /// The place in this line and column.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
