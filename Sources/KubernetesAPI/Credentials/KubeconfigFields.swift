/// The fields of a cluster or user of a kubeconfig. Values may be secret, so that messages do not show them.
struct KubeconfigFields {
    private let node: TextNode
    private let fields: [TextNode.Field]
    /// What to call the mapping.
    let name: String
    let file: Kubeconfig

    /// The fields of `node`, of which all must be among `known`: one that is not would change how the server is reached
    /// or who we are, and must not be passed over in silence.
    init(_ node: TextNode, _ name: String, in file: Kubeconfig, known: [String]) throws(NodeFault) {
        guard case .mapping(let fields) = node.value else {
            throw NodeFault(node.position, "\(name) is \(node.shown), expected a mapping")
        }
        self.node = node
        self.fields = fields
        self.name = name
        self.file = file
        var seen: Set<String> = []
        for field in fields {
            guard known.contains(field.name) else {
                throw NodeFault(
                    field.node.position,
                    "\(name) has the field \"\(field.name)\", which apodns does not know, expected one of "
                        + known.joined(separator: ", "))
            }
            guard seen.insert(field.name).inserted else {
                throw NodeFault(field.node.position, "\(name) has the field \(field.name) twice, expected once")
            }
        }
    }

    /// The value of `key`; nil where it is missing, null or empty text.
    func node(_ key: String) -> TextNode? {
        guard let value = fields.first(where: { $0.name == key })?.node else { return nil }
        switch value.value {
        case .null: return nil
        case .text(let text) where text.isEmpty: return nil
        default: return value
        }
    }

    /// The text of `key`; nil where it is missing or empty.
    func text(_ key: String) throws(NodeFault) -> String? {
        guard let value = node(key) else { return nil }
        guard let text = value.text else { throw refused(key, "is \(Self.kind(value)), expected text") }
        return text
    }

    /// The text of `key`, which must be there.
    func requiredText(_ key: String) throws(NodeFault) -> String {
        guard let text = try text(key) else { throw refused(key, "is missing, expected text") }
        return text
    }

    /// Whether `key` is true; false where it is missing.
    func flag(_ key: String) throws(NodeFault) -> Bool {
        guard let value = node(key) else { return false }
        guard case .boolean(let flag) = value.value else {
            throw refused(key, "is \(Self.kind(value)), expected true or false")
        }
        return flag
    }

    /// The elements of the list `key`; none where it is missing.
    func list(_ key: String) throws(NodeFault) -> [TextNode] {
        guard let value = node(key) else { return [] }
        guard case .sequence(let elements) = value.value else {
            throw refused(key, "is \(Self.kind(value)), expected a list")
        }
        return elements
    }

    /// The texts of the list `key`; none where it is missing.
    func texts(_ key: String) throws(NodeFault) -> [String] {
        var texts: [String] = []
        for element in try list(key) {
            guard let text = element.text else {
                throw NodeFault(element.position, "\(name) \(key) has \(Self.kind(element)) in it, expected text")
            }
            texts.append(text)
        }
        return texts
    }

    /// What is given either as base 64 in `KEY-data` or as a file's name in `KEY`; the data count where both are there.
    func bytes(_ key: String) throws(NodeFault) -> SecretBytes? {
        if let data = try text(key + "-data") {
            guard let bytes = Base64.decode(data), !bytes.isEmpty else {
                throw refused(key + "-data", "is not base 64, expected a PEM text in base 64")
            }
            return .inline(bytes, name: "\(key)-data of \(file.path)")
        }
        return try text(key).map { .file(file.resolved($0)) }
    }

    /// The error of the field `key`, or of the mapping where that is missing.
    func refused(_ key: String, _ problem: String) -> NodeFault {
        NodeFault((fields.first { $0.name == key }?.node ?? node).position, "\(name) \(key) \(problem)")
    }

    private static func kind(_ node: TextNode) -> String {
        switch node.value {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .text: "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
