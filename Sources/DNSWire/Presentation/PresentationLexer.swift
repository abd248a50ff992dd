/// Splits presentation text into entries and their words: blanks, `;` comments, quotes, and parentheses that join lines
/// (RFC 1035, section 5.1). Directives such as `$ORIGIN` are entries like any other.
package struct PresentationLexer {
    private let text: [UInt8]
    private var position = 0
    private var line = 1
    /// Where the current line begins in `text`.
    private var lineStart = 0

    package init(_ text: [UInt8]) { self.text = text }

    private var column: Int { position - lineStart + 1 }

    /// The next entry that has a word, or nothing at the end of the text.
    package mutating func nextEntry() throws(PresentationError) -> PresentationEntry? {
        var tokens: [PresentationToken] = []
        var beginsWithBlank = startsBlank
        var opening: (line: Int, column: Int)?
        while position < text.count {
            let octet = text[position]
            switch octet {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                position += 1
            case UInt8(ascii: "\n"):
                if opening == nil, !tokens.isEmpty {
                    let entry = entry(tokens, beginsWithBlank)
                    beginNextLine()
                    return entry
                }
                beginNextLine()
                if opening == nil { beginsWithBlank = startsBlank }
            case UInt8(ascii: ";"):
                while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "("):
                guard opening == nil else { throw error(found: "\"(\" inside parentheses", expected: "\")\" first") }
                opening = (line, column)
                position += 1
            case UInt8(ascii: ")"):
                guard opening != nil else { throw error(found: "\")\"", expected: "\"(\" before it") }
                opening = nil
                position += 1
            default: tokens.append(try nextToken())
            }
        }
        if let opening {
            throw PresentationError(
                line: opening.line, column: opening.column, found: "\"(\" without an end", expected: "\")\" behind it")
        }
        return tokens.isEmpty ? nil : entry(tokens, beginsWithBlank)
    }

    private var startsBlank: Bool {
        position < text.count && (text[position] == UInt8(ascii: " ") || text[position] == UInt8(ascii: "\t"))
    }

    private func entry(_ tokens: [PresentationToken], _ beginsWithBlank: Bool) -> PresentationEntry {
        PresentationEntry(tokens: tokens, beginsWithBlank: beginsWithBlank, endLine: line, endColumn: column)
    }

    private mutating func beginNextLine() {
        position += 1
        line += 1
        lineStart = position
    }

    private func error(found: String, expected: String) -> PresentationError {
        PresentationError(line: line, column: column, found: found, expected: expected)
    }

    /// The word at the current position: a quoted string, or octets up to a blank, a comment or a parenthesis. Behind a "=" inside
    /// a word, quotes hold a value together: `alpn="h2,h3"` (RFC 9460, section 2.1).
    private mutating func nextToken() throws(PresentationError) -> PresentationToken {
        var token = PresentationToken(octets: [], isQuoted: false, line: line, column: column)
        if text[position] == UInt8(ascii: "\"") {
            token.isQuoted = true
            token.octets = try quotedOctets()
            return token
        }
        while position < text.count {
            let octet = text[position]
            switch octet {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: ";"),
                UInt8(ascii: "("), UInt8(ascii: ")"):
                return token
            case UInt8(ascii: "\""):
                guard token.octets.last == UInt8(ascii: "="), !token.octets.dropLast().contains(UInt8(ascii: "="))
                else {
                    throw error(
                        found: "a quote inside a word", expected: "a blank before it, or \\\" for the quote itself")
                }
                token.octets += try quotedOctets()
                return token
            case UInt8(ascii: "\\"):
                token.octets.append(octet)
                position += 1
                // What follows a backslash belongs to the word, whatever it is; a line's end does not.
                if position < text.count, text[position] != UInt8(ascii: "\n") {
                    token.octets.append(text[position])
                    position += 1
                }
            default:
                token.octets.append(octet)
                position += 1
            }
        }
        return token
    }

    /// The octets between the quote at the current position and the one that ends the string.
    private mutating func quotedOctets() throws(PresentationError) -> [UInt8] {
        let opening = error(
            found: "a quote without an end", expected: "a quote at the end of the string, on the same line")
        position += 1
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "\n") {
            if text[position] == UInt8(ascii: "\"") {
                let octets = Array(text[start..<position])
                position += 1
                return octets
            }
            let isEscape = text[position] == UInt8(ascii: "\\") && position + 1 < text.count
            position += isEscape && text[position + 1] != UInt8(ascii: "\n") ? 2 : 1
        }
        throw opening
    }
}
