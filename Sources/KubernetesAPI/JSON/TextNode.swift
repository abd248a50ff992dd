/// One value of a text in JSON or YAML with the place where it begins; an object is read as one such tree, without the
/// fields that nobody wants.
package struct TextNode: Sendable {
    /// The value of a key.
    package struct Field: Sendable {
        /// The key.
        package let name: String
        /// Its value.
        package let node: TextNode

        /// A key and its value.
        package init(name: String, node: TextNode) {
            self.name = name
            self.node = node
        }
    }

    /// What a value can be in JSON; YAML is read into the same.
    package enum Value: Sendable {
        case null
        case boolean(Bool)
        /// A number as it was written.
        case number(String)
        case text(String)
        case sequence([TextNode])
        case mapping([Field])
    }

    /// Where the value begins.
    package let position: TextPosition
    /// The value.
    package let value: Value

    /// This value at this place.
    package init(position: TextPosition, value: Value) {
        self.position = position
        self.value = value
    }

    /// The value of the key `name`; nil where this is no mapping, or has no such key.
    package subscript(_ name: String) -> TextNode? {
        guard case .mapping(let fields) = value else { return nil }
        return fields.first { $0.name == name }?.node
    }

    /// The text that this is; nil where it is something else.
    package var text: String? {
        if case .text(let text) = value { text } else { nil }
    }

    /// The value for an error message, as a person would point at it.
    package var shown: String {
        switch value {
        case .null: "null"
        case .boolean(let boolean): boolean ? "true" : "false"
        case .number(let text): Self.shortened(text)
        case .text(let text): "\"\(Self.shortened(text))\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    private static func shortened(_ text: String) -> String {
        let start = text.prefix(NodeLimits.maximumShownCharacters)
        return start.endIndex == text.endIndex ? text : start + "..."
    }
}
