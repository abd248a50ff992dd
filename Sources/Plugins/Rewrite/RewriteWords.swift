import Corefile

/// The words of a rule, taken one after the other.
struct RewriteWords {
    /// The word that says what the rule is for: where an error is that has no word of its own.
    let field: Token
    private(set) var words: ArraySlice<Token>

    init(field: Token, words: ArraySlice<Token>) {
        self.field = field
        self.words = words
    }

    /// How many are left.
    var count: Int { words.count }

    /// The next word, without taking it.
    var upcoming: Token? { words.first }

    /// Takes the next word.
    mutating func next(_ what: String) throws(CorefileError) -> Token {
        guard let word = words.popFirst() else {
            throw field.error("plugin/rewrite: too few arguments for a \(field.text) rule, expected \(what)")
        }
        return word
    }

    /// Takes the only two words.
    mutating func pair() throws(CorefileError) -> (Token, Token) {
        guard words.count == 2 else {
            throw field.error(
                "plugin/rewrite: \(field.text) rules must have exactly two arguments, found \(words.count)")
        }
        return (try next("FROM"), try next("TO"))
    }

    /// Takes the last word if it is `text`.
    mutating func takeLast(_ text: String) -> Bool {
        guard words.last?.text == text else { return false }
        words.removeLast()
        return true
    }

    /// Fails if a word is left.
    func expectEnd() throws(CorefileError) {
        guard let surplus = words.first else { return }
        throw surplus.error(
            "plugin/rewrite: too many arguments for a \(field.text) rule, '\(surplus.text)' found, expected none")
    }

    /// Takes `[exact|prefix|suffix|substring|regex] NAME`, before `valueCount` more words.
    mutating func match(valueCount: Int) throws(CorefileError) -> NameMatch {
        guard words.count > valueCount else {
            throw field.error("plugin/rewrite: too few (\(words.count)) arguments for a \(field.text) rule")
        }
        guard words.count > valueCount + 1 else { return .exact(try next("a name").text.qualified) }
        let kind = try next("the kind of match")
        let name = try next("a name")
        switch kind.text.lowercased() {
        case "exact": return .exact(name.text.qualified)
        case "prefix": return .prefix(name.text.qualified)
        case "suffix": return .suffix(name.text.qualified)
        case "substring": return .substring(name.text.qualified)
        case "regex": return .regex(try Self.pattern(name, name.text))
        default:
            throw kind.error(
                "plugin/rewrite: \(field.text) rule supports only exact, prefix, suffix, substring, and regex name "
                    + "matching, received: \(kind.text)")
        }
    }

    /// A regular expression, which has at most the length that CoreDNS allows.
    static func pattern(_ token: Token, _ text: String) throws(CorefileError) -> RegularExpression {
        guard text.utf8.count <= RegularExpression.longestPattern else {
            throw token.error(
                "plugin/rewrite: regex pattern too long: \(text.utf8.count) > \(RegularExpression.longestPattern)")
        }
        do throws(RegularExpression.Failure) {
            return try RegularExpression(text)
        } catch {
            let place = text.utf8.prefix(max(error.offset, 0)).reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
            throw CorefileError(
                location: token.location(ofScalar: place),
                message: "plugin/rewrite: invalid regex matching pattern: \(text), \(error)")
        }
    }

    /// A regular expression for a replacement that uses no more groups than it has.
    static func pattern(_ from: Token, for to: Token) throws(CorefileError) -> RegularExpression {
        let pattern = try pattern(from, from.text)
        let used = (0...100).filter { to.text.contains("{\($0)}") }.count
        guard used <= pattern.groupCount else {
            throw to.error(
                "plugin/rewrite: the rewrite regex pattern (\(to.text)) uses more subexpressions than its corresponding "
                    + "matching regex pattern (\(from.text))")
        }
        return pattern
    }
}
