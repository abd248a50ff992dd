/// A mapping of an object, read field by field; every error names the field and its place.
///
/// A field whose value is null counts as one that is not there, as in Go's encoding/json.
package struct ObjectFields {
    private let node: TextNode
    private let path: FieldPath

    /// The fields of `node`, which must be a mapping.
    package init(_ node: TextNode, at path: FieldPath = .object) throws(NodeFault) {
        guard case .mapping = node.value else {
            let name = path.description
            throw NodeFault(
                node.position, "\(name.isEmpty ? "an object" : name) is \(node.shown), expected a mapping")
        }
        self.node = node
        self.path = path
    }

    /// The field `name`, if it is text.
    package func text(_ name: String) throws(NodeFault) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.text else { throw wrong(value, name, "text") }
        return text
    }

    /// The field `name`, which must be there and not empty.
    package func requiredText(_ name: String) throws(NodeFault) -> String {
        guard let text = try text(name), !text.isEmpty else { throw refused(name, expected: "text") }
        return text
    }

    /// The field `name`, if it is true or false.
    package func boolean(_ name: String) throws(NodeFault) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .boolean(let boolean) = value.value else { throw wrong(value, name, "true or false") }
        return boolean
    }

    /// The field `name`, if it is a port number.
    package func port(_ name: String) throws(NodeFault) -> Int32? {
        guard let value = value(name) else { return nil }
        guard case .number(let digits) = value.value, !(digits.count > 1 && digits.hasPrefix("0")),
            let number = UInt16(digits)
        else { throw wrong(value, name, "a number from 0 to 65535") }
        return Int32(number)
    }

    /// The field `name`, which must be there and be a port number.
    package func requiredPort(_ name: String) throws(NodeFault) -> Int32 {
        guard let port = try port(name) else { throw refused(name, expected: "a number from 0 to 65535") }
        return port
    }

    /// The field `name`, if it is an IP address; empty text counts as none.
    package func address(_ name: String) throws(NodeFault) -> IPAddress? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        guard let address = IPAddress(text) else { throw refused(name, expected: "an IP address") }
        return address
    }

    /// The field `name`, if it is one of the values of an enumeration; `fallback` where it is missing or empty.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, or fallback: Choice?
    ) throws(NodeFault) -> Choice {
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text = try text(name), !text.isEmpty else {
            guard let fallback else { throw refused(name, expected: "one of \(known)") }
            return fallback
        }
        guard let choice = Choice(rawValue: text) else { throw refused(name, expected: "one of \(known)") }
        return choice
    }

    /// The field `name`, if it is a mapping.
    package func fields(_ name: String) throws(NodeFault) -> ObjectFields? {
        guard let value = value(name) else { return nil }
        return try ObjectFields(value, at: .key(path, name))
    }

    /// The field `name`, which must be there and be a mapping.
    package func requiredFields(_ name: String) throws(NodeFault) -> ObjectFields {
        guard let fields = try fields(name) else { throw refused(name, expected: "a mapping") }
        return fields
    }

    /// The elements of the list `name`, each a mapping; none where the field is missing.
    package func list(_ name: String) throws(NodeFault) -> [ObjectFields] {
        var result: [ObjectFields] = []
        for (index, element) in try elements(name).enumerated() {
            result.append(try ObjectFields(element, at: .index(.key(path, name), index)))
        }
        return result
    }

    /// The elements of the list `name`, each text that `convert` takes; none where the field is missing.
    package func list<Element>(
        _ name: String, expecting expected: String, _ convert: (String) -> Element?
    ) throws(NodeFault) -> [Element] {
        var result: [Element] = []
        for (index, element) in try elements(name).enumerated() {
            guard let text = element.text, let converted = convert(text) else {
                let field = FieldPath.index(.key(path, name), index)
                throw NodeFault(element.position, "\(field) is \(element.shown), expected \(expected)")
            }
            result.append(converted)
        }
        return result
    }

    /// The mapping `name` of text to text (labels); empty where the field is missing.
    package func labels(_ name: String) throws(NodeFault) -> [String: String] {
        guard let value = value(name) else { return [:] }
        guard case .mapping(let pairs) = value.value else { throw wrong(value, name, "a mapping") }
        var result: [String: String] = [:]
        for pair in pairs {
            let field = FieldPath.key(path, name)
            guard let text = pair.node.text else {
                throw NodeFault(pair.node.position, "\(field).\(pair.name) is \(pair.node.shown), expected text")
            }
            guard result.updateValue(text, forKey: pair.name) == nil else {
                throw NodeFault(pair.node.position, "\(field).\(pair.name) is there twice, expected once")
            }
        }
        return result
    }

    /// Whether the field `name` is there and not empty.
    package func isFilled(_ name: String) -> Bool {
        switch value(name)?.value {
        case nil, .null: false
        case .sequence(let elements): !elements.isEmpty
        case .mapping(let fields): !fields.isEmpty
        case .text(let text): !text.isEmpty
        case .boolean, .number: true
        }
    }

    /// The error of a field that is missing or cannot be used.
    package func refused(_ name: String, expected: String) -> NodeFault {
        guard let value = value(name) else {
            return NodeFault(node.position, "\(FieldPath.key(path, name)) is missing, expected \(expected)")
        }
        return wrong(value, name, expected)
    }

    private func value(_ name: String) -> TextNode? {
        guard let value = node[name] else { return nil }
        if case .null = value.value { return nil }
        return value
    }

    private func elements(_ name: String) throws(NodeFault) -> [TextNode] {
        guard let value = value(name) else { return [] }
        guard case .sequence(let elements) = value.value else { throw wrong(value, name, "a list") }
        return elements
    }

    private func wrong(_ value: TextNode, _ name: String, _ expected: String) -> NodeFault {
        NodeFault(value.position, "\(FieldPath.key(path, name)) is \(value.shown), expected \(expected)")
    }
}
