/// One value of a snapshot's text with the place where it begins; an object is read as one such tree, without the
/// fields that nobody wants.
struct SnapshotNode {
    /// The value of a key.
    struct Field {
        /// The key.
        let name: String
        /// Its value.
        let node: SnapshotNode
    }

    /// What a value can be in JSON; YAML is read into the same.
    enum Value {
        case null
        case boolean(Bool)
        /// A number as it was written.
        case number(String)
        case text(String)
        case sequence([SnapshotNode])
        case mapping([Field])
    }

    /// Where the value begins.
    let position: SnapshotPosition
    /// The value.
    let value: Value

    /// The value of the key `name`; nil where this is no mapping, or has no such key.
    subscript(_ name: String) -> SnapshotNode? {
        guard case .mapping(let fields) = value else { return nil }
        return fields.first { $0.name == name }?.node
    }

    /// The text that this is; nil where it is something else.
    var text: String? {
        if case .text(let text) = value { text } else { nil }
    }

    /// The value for an error message, as a person would point at it.
    var shown: String {
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
        let start = text.prefix(SnapshotLimits.maximumShownCharacters)
        return start.endIndex == text.endIndex ? text : start + "..."
    }
}
