/// Writes JSON (RFC 8259), for what a credential plugin is told.
enum JSONText {
    /// A string with its quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A value with all that is in it. The depth is that of the text it was read from, which is limited.
    static func of(_ node: TextNode) -> String {
        switch node.value {
        case .null: return "null"
        case .boolean(let boolean): return boolean ? "true" : "false"
        case .number(let text):
            // YAML has numbers that JSON has not: +1, 0x1f, .5, 007.
            var source = JSONSource(Array(text.utf8))
            let isJSON = (try? source.scalar()) != nil && (try? source.nextDocument()) == false
            return isJSON ? text : quoted(text)
        case .text(let text): return quoted(text)
        case .sequence(let elements): return "[\(elements.map(of).joined(separator: ","))]"
        case .mapping(let fields):
            return "{\(fields.map { "\(quoted($0.name)):\(of($0.node))" }.joined(separator: ","))}"
        }
    }
}
