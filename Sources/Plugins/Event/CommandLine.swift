/// Splits a command into its words as a shell would: blanks separate, quotes and backslashes keep together. Nothing is
/// expanded.
struct CommandLine {
    /// Why a text is no command.
    struct Failure: Error, Equatable {
        let reason: String
    }

    let words: [String]

    init(_ text: String) throws(Failure) {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // POSIX, shell command language 2.2.3: within double quotes a backslash is one, but before these.
                if quote != nil, !"\"\\$`".contains(character) { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw Failure(reason: "a quote \(quote) is not closed") }
        if isEscaped { throw Failure(reason: "a backslash is the last character") }
        if let done = word { words.append(done) }
        self.words = words
    }
}
