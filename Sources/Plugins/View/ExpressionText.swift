/// What functions of expressions do with strings: as Go's package strings, byte by byte.
enum ExpressionText {
    /// Bytes of a string that `repeat` makes: expr-lang's bound on memory.
    private static let longest = 1_000_000

    static func hasPrefix(_ text: String, _ prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

    static func hasSuffix(_ text: String, _ suffix: String) -> Bool {
        text.utf8.reversed().starts(with: suffix.utf8.reversed())
    }

    /// Without as many bytes at the beginning as `prefix` has.
    static func drop(_ text: String, _ prefix: String) -> String {
        String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// Without as many bytes at the end as `suffix` has.
    static func dropLast(_ text: String, _ suffix: String) -> String {
        String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
    }

    /// Without the characters at both ends that are to go.
    static func trim(_ text: String, _ goes: (Unicode.Scalar) -> Bool) -> String {
        let rest = text.unicodeScalars.drop(while: goes).reversed().drop(while: goes).reversed()
        var trimmed = String.UnicodeScalarView()
        trimmed.append(contentsOf: rest)
        return String(trimmed)
    }

    /// The text so many times; nil for a negative number, or where that would be too long.
    static func repeated(_ text: String, _ count: Int) -> String? {
        let (length, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
        guard count >= 0, !overflow, length <= longest else { return nil }
        return String(repeating: text, count: count)
    }

    /// Where a part stands, in bytes, one after the other; an empty one stands before every byte and at the end.
    static func places(of part: String, in text: String, overlapping: Bool = false) -> [Int] {
        let (part, text) = (Array(part.utf8), Array(text.utf8))
        var places: [Int] = []
        var place = 0
        while place + part.count <= text.count {
            if text[place...].starts(with: part) {
                places.append(place)
                place += overlapping ? 1 : max(1, part.count)
            } else {
                place += 1
            }
        }
        return places
    }

    /// The parts between separators, at most `limit` where that is above 0, none for 0 (Go's SplitN). An empty separator splits
    /// between characters.
    static func split(_ text: String, _ separator: String, keeps: Bool, _ limit: Int) -> [String] {
        if limit == 0 { return [] }
        let bytes = Array(text.utf8)
        let length = separator.utf8.count
        var starts: [Int] = []
        if length == 0 {
            var place = 0
            for scalar in text.unicodeScalars.dropLast() {
                place += UTF8.width(scalar)
                starts.append(place)
            }
            if bytes.isEmpty { return [] }
        } else {
            starts = places(of: separator, in: text)
        }
        if limit > 0 { starts = Array(starts.prefix(limit - 1)) }
        var parts: [String] = []
        var begin = 0
        for start in starts {
            parts.append(String(decoding: bytes[begin..<(keeps ? start + length : start)], as: UTF8.self))
            begin = start + length
        }
        parts.append(String(decoding: bytes[begin...], as: UTF8.self))
        return parts
    }

    /// The text with `other` in the place of `part`, at most `limit` times where that is not negative. An empty part stands
    /// around every character (Go's Replace).
    static func replace(_ text: String, _ part: String, _ other: String, _ limit: Int) -> String {
        guard part.isEmpty else {
            return split(text, part, keeps: false, limit < 0 ? -1 : limit &+ 1).joined(separator: other)
        }
        var left = limit < 0 ? Int.max : limit
        var replaced = ""
        for scalar in text.unicodeScalars {
            if left > 0 {
                replaced += other
                left -= 1
            }
            replaced.unicodeScalars.append(scalar)
        }
        return left > 0 ? replaced + other : replaced
    }
}
