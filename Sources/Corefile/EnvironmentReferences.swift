/// Replaces `{%NAME%}` and then `{$NAME}` in a token, as CoreDNS does: inside longer words and quotes too, an unset
/// variable gives nothing, and a value's own references are replaced in turn.
struct EnvironmentReferences {
    /// How many references one token may lead to: a variable that names itself would never end.
    static let maximumReplacements = 1000
    /// How long a token may grow, in bytes: a variable that names another twice would double with every step.
    static let maximumLength = 65_536

    let environment: Environment

    /// The token with its references replaced.
    func replaced(in token: Token) throws(CorefileError) -> Token {
        guard token.text.utf8.contains(UInt8(ascii: "{")) else { return token }
        var replacements = 0
        var text = Array(token.text.utf8)
        for (start, end) in [("{%", "%}"), ("{$", "}")] {
            text = try replace(
                in: text, start: Array(start.utf8), end: Array(end.utf8), replacements: &replacements, token: token)
        }
        return token.replacingText(String(decoding: text, as: UTF8.self))
    }

    private func replace(
        in bytes: [UInt8], start: [UInt8], end: [UInt8], replacements: inout Int, token: Token
    ) throws(CorefileError) -> [UInt8] {
        var text = bytes
        while let from = Self.find(start, in: text) {
            // A reference without a name, or without its end, is left as it is, and so is all after it.
            guard let to = Self.find(end, in: text, from: from), to > from + start.count else { return text }
            let name = String(decoding: text[(from + start.count)..<to], as: UTF8.self)
            let value = environment(name) ?? ""
            text.replaceSubrange(from..<(to + end.count), with: value.utf8)
            replacements += 1
            if replacements > Self.maximumReplacements || text.count > Self.maximumLength {
                throw token.error(
                    "environment variable '\(name.inMessage)' expands without end, "
                        + "expected at most \(Self.maximumReplacements) references and \(Self.maximumLength) bytes")
            }
        }
        return text
    }

    private static func find(_ pattern: [UInt8], in text: [UInt8], from: Int = 0) -> Int? {
        guard pattern.count <= text.count - from else { return nil }
        for index in from...(text.count - pattern.count) where text[index...].starts(with: pattern) {
            return index
        }
        return nil
    }
}
