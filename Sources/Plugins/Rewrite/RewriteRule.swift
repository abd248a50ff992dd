import DNSWire

/// One rule of `rewrite`.
struct RewriteRule: Sendable {
    /// What it does to the query or the response.
    enum Action: Sendable {
        case name(NameRewrite)
        case type(from: RecordType, to: RecordType)
        case recordClass(from: RecordClass, to: RecordClass)
        case options(OptionRewrite)
        case response(ResponseRule)
    }

    /// Whether no rule after it is looked at once it has been carried out.
    let stops: Bool
    /// The names it is for; nil where the name does not matter.
    let names: NameMatch?
    let action: Action
}

/// How a name is compared: with its text in lower case and with its final dot.
enum NameMatch: Sendable {
    case exact(String)
    case prefix(String)
    case suffix(String)
    case substring(String)
    case regex(RegularExpression)

    /// Whether a name is meant.
    func matches(_ name: String) -> Bool {
        switch self {
        case .exact(let text): name == text
        case .prefix(let text): name.utf8.starts(with: text.utf8)
        case .suffix(let text): name.utf8.ends(with: text)
        case .substring(let text): name.utf8.firstPlace(of: text) != nil
        case .regex(let pattern): pattern.matches(name)
        }
    }

    /// The name with what matched replaced; nil where nothing does.
    func replacing(_ name: String, with text: String) -> String? {
        switch self {
        case .exact: matches(name) ? text : nil
        case .prefix(let from): matches(name) ? text + name.dropFirst(from.count) : nil
        case .suffix(let from): matches(name) ? name.dropLast(from.count) + text : nil
        case .substring(let from): matches(name) ? name.replacingAll(from, with: text) : nil
        case .regex(let pattern): pattern.groups(in: name).map { text.substituting($0) }
        }
    }
}

/// A rule for the question's name.
struct NameRewrite: Sendable {
    let replacement: String
    /// Whether names in the response that are the new one, or end in it, get the old one back.
    let restores: Bool
    /// What else is done to the response.
    let responseRules: [ResponseRule]
}

/// What is done to a response.
enum ResponseRule: Sendable {
    /// Owner names, in all sections.
    case names(TextRewrite)
    /// Names in the data of records.
    case values(TextRewrite)
    case ttl(least: UInt32, most: UInt32)
    case code(from: ResponseCode, to: ResponseCode)
    case alias(NameMatch, to: String)
    case removeOption(UInt16)
    case replaceOption(UInt16, [UInt8])
}

/// How a name in a response is changed.
enum TextRewrite: Sendable {
    case regex(RegularExpression, String)
    /// This name, and those below it.
    case remap(from: String, to: String)
    case suffix(from: String, to: String)

    func rewrite(_ text: String) -> String {
        switch self {
        case .regex(let pattern, let replacement):
            return pattern.groups(in: text).map { replacement.substituting($0) } ?? text
        case .remap(let from, let to):
            if text == from { return to }
            return text.utf8.ends(with: "." + from) ? text.dropLast(from.count) + to : text
        case .suffix(let from, let to):
            return text.utf8.ends(with: from) ? text.dropLast(from.count) + to : text
        }
    }
}

extension String.UTF8View {
    /// Whether the last bytes are those of `text`.
    fileprivate func ends(with text: String) -> Bool {
        count >= text.utf8.count && suffix(text.utf8.count).elementsEqual(text.utf8)
    }

    /// Where the bytes of `text` first stand.
    fileprivate func firstPlace(of text: String) -> Index? {
        var place = startIndex
        let size = text.utf8.count
        for _ in 0...Swift.max(0, count - size) where count >= size {
            if self[place...].starts(with: text.utf8) { return place }
            guard place < endIndex else { return nil }
            place = index(after: place)
        }
        return nil
    }
}

extension String {
    /// The text with every `from` replaced, from left to right.
    fileprivate func replacingAll(_ from: String, with to: String) -> String {
        guard !from.isEmpty else { return self }
        var result = ""
        var rest = self
        while let place = rest.utf8.firstPlace(of: from) {
            result += rest[..<place] + to
            rest = String(rest[rest.utf8.index(place, offsetBy: from.utf8.count)...])
        }
        return result + rest
    }

    /// The text with `{0}`, `{1}` and so on replaced by the groups of a match.
    fileprivate func substituting(_ groups: [String]) -> String {
        var text = self
        for (number, group) in groups.enumerated() { text = text.replacingAll("{\(number)}", with: group) }
        return text
    }
}
