/// A field selector and a label selector, as far as watchers of DNS objects use them.
struct ScriptedSelector: Sendable {
    private enum LabelTest: Sendable {
        case exists(String)
        case missing(String)
        case among(String, [String])
        case notAmong(String, [String])
    }

    private var labelTests: [LabelTest] = []
    private(set) var name: String?
    private var namespaceName: String?
    private var phase: (wanted: String, isEqual: Bool)?
    /// Whether it selects everything.
    let isEmpty: Bool

    /// Nil for what it does not understand: the server answers 400 to that.
    init?(fields: String, labels: String) {
        isEmpty = fields.isEmpty && labels.isEmpty
        for part in Self.split(fields) {
            guard let (key, value, isEqual) = Self.comparison(part) else { return nil }
            switch (key, isEqual) {
            case ("metadata.name", true): name = value
            case ("metadata.namespace", true): namespaceName = value
            case ("status.phase", _): phase = (value, isEqual)
            default: return nil
            }
        }
        for part in Self.split(labels) {
            guard let test = Self.labelTest(part) else { return nil }
            labelTests.append(test)
        }
    }

    func matches(_ object: ScriptedObject) -> Bool {
        if isEmpty { return true }
        let metadata = object.metadata
        if let name, metadata.name != name { return false }
        if let namespaceName, metadata.namespace != namespaceName { return false }
        if let phase, (object.phase == phase.wanted) != phase.isEqual { return false }
        for test in labelTests {
            let holds =
                switch test {
                case .exists(let key): metadata.labels[key] != nil
                case .missing(let key): metadata.labels[key] == nil
                case .among(let key, let values): metadata.labels[key].map(values.contains) ?? false
                // A label that is not there is not among the values (k8s.io/apimachinery/pkg/labels).
                case .notAmong(let key, let values): !(metadata.labels[key].map(values.contains) ?? false)
                }
            if !holds { return false }
        }
        return true
    }

    /// At the commas that are not inside parentheses.
    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        parts.append(text[start...])
        return parts.map(trimmed).filter { !$0.isEmpty }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func comparison(_ text: Substring) -> (String, String, Bool)? {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        var key = text[..<equals]
        var value = text[text.index(after: equals)...]
        if value.first == "=" { value.removeFirst() }
        let isEqual = key.last != "!"
        if !isEqual { key.removeLast() }
        return (String(trimmed(key)), String(trimmed(value)), isEqual)
    }

    private static func labelTest(_ text: Substring) -> LabelTest? {
        if let open = text.firstIndex(of: "("), text.last == ")" {
            let words = text[..<open].split(separator: " ")
            guard words.count == 2 else { return nil }
            let list = text[text.index(after: open)...].dropLast()
            let values = list.split(separator: ",", omittingEmptySubsequences: false).map { String(trimmed($0)) }
            switch words[1] {
            case "in": return .among(String(words[0]), values)
            case "notin": return .notAmong(String(words[0]), values)
            default: return nil
            }
        }
        if let (key, value, isEqual) = comparison(text) {
            return isEqual ? .among(key, [value]) : .notAmong(key, [value])
        }
        if text.first == "!" { return .missing(String(trimmed(text.dropFirst()))) }
        return text.contains(" ") ? nil : .exists(String(text))
    }
}
