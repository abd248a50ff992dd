/// A place in a Corefile: file, line and column, lines and columns counted from 1, columns in Unicode scalars.
///
/// Line 0 stands for the file as a whole (it could not be read, for example).
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The file's path as it was given or imported.
    package let file: String
    /// The line, from 1; 0 for the whole file.
    package let line: Int
    /// The column in Unicode scalars, from 1; a tab counts as one.
    package let column: Int

    /// Makes a location from its three parts.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, or the file alone when the location is the whole file.
    package var description: String {
        line == 0 ? file : "\(file):\(line):\(column)"
    }
}
