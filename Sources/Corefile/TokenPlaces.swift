extension Token {
    /// Where a character of the token stands in the file: what is wrong within a long quoted word can be pointed at. Exact
    /// unless the word has an environment reference before that place.
    ///
    /// - Parameter offset: in Unicode scalars of `text`.
    package func location(ofScalar offset: Int) -> SourceLocation {
        var line = location.line
        var column = location.column + (wasQuoted ? 1 : 0)
        for scalar in text.unicodeScalars.prefix(max(offset, 0)) {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                // A quote within quotes was written with a backslash.
                column += wasQuoted && scalar == "\"" ? 2 : 1
            }
        }
        return SourceLocation(file: location.file, line: line, column: column)
    }
}
