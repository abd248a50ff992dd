/// Cuts a Corefile into tokens by the rules of Caddyfile version 1, as vendored by CoreDNS:
/// words between white space, double quotes around a word (only `\"` is an escape, every other backslash stays),
/// comments from `#`, no line continuation and no other quotes.
struct Lexer {
    /// The tokens of the text, in order.
    private(set) var tokens: [Token] = []
    /// What reads differently from what it looks like.
    private(set) var warnings: [CorefileWarning] = []

    private let file: String
    private var line = 1
    private var column = 1
    private var word = String.UnicodeScalarView()
    private var wordStart: SourceLocation
    private var wordStartsLine = false
    /// Whether a line break stood between the last token and here.
    private var atLineStart = true

    /// Cuts the whole text. The error is an unclosed quote.
    init(text: String, file: String) throws(CorefileError) {
        self.file = file
        wordStart = SourceLocation(file: file, line: 1, column: 1)
        var isQuoted = false
        var isEscaped = false
        var isComment = false
        var scalars = text.unicodeScalars[...]
        // A byte order mark may stand at the start of every file, imported ones too, and is no part of the first word.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }

        for scalar in scalars {
            defer { advance(over: scalar) }
            if isQuoted {
                if isEscaped {
                    // Only the quote can be escaped, so that regular expressions need no doubled backslashes.
                    if scalar != "\"" { word.append("\\") }
                    word.append(scalar)
                    isEscaped = false
                } else if scalar == "\\" {
                    isEscaped = true
                } else if scalar == "\"" {
                    isQuoted = false
                    endWord(quoted: true)
                } else {
                    word.append(scalar)
                }
                continue
            }
            if scalar.properties.isWhitespace {
                // A carriage return is dropped wherever it stands, so that CRLF files read like LF files.
                if scalar == "\r" { continue }
                if !word.isEmpty {
                    endWord(quoted: false)
                    // CoreDNS forgets the comment when the word before it ends: after `a#b c` comes the word `c`.
                    isComment = false
                }
                if scalar == "\n" {
                    isComment = false
                    atLineStart = true
                }
                continue
            }
            if scalar == "#", !isComment {
                isComment = true
                if !word.isEmpty { warnOfCommentInsideWord() }
            }
            if isComment { continue }
            if word.isEmpty {
                wordStart = SourceLocation(file: file, line: line, column: column)
                wordStartsLine = atLineStart
                if scalar == "\"" {
                    isQuoted = true
                    continue
                }
            }
            word.append(scalar)
        }

        if isQuoted {
            throw CorefileError(
                location: wordStart,
                message: "Unexpected '\"' because no matching closing quote before the end of the file"
            )
        }
        if !word.isEmpty { endWord(quoted: false) }
    }

    private mutating func advance(over scalar: Unicode.Scalar) {
        if scalar == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }

    private mutating func endWord(quoted: Bool) {
        tokens.append(
            Token(text: String(word), location: wordStart, wasQuoted: quoted, startsLine: wordStartsLine))
        word = String.UnicodeScalarView()
        atLineStart = false
    }

    private mutating func warnOfCommentInsideWord() {
        warnings.append(
            CorefileWarning(
                location: SourceLocation(file: file, line: line, column: column),
                message: "'#' ends the word '\(String(word).inMessage)' and hides only the rest of that word: "
                    + "put a blank before a comment, or quotes around a word with '#'"))
    }
}
