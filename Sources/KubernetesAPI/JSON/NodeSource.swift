/// What the next value of a text is, seen without reading it.
package enum NodeShape: Sendable {
    case mapping
    case sequence
    case scalar
}

/// A text as a stream of values: JSON or YAML, one document after the other.
///
/// Every call moves forward over what it returns. A mapping is `enter()`, then `nextKey` and its value until there is
/// no key; a sequence is `enter()`, then `nextElement` and the element until there is none.
package protocol NodeSource {
    /// Where the next value begins.
    var position: TextPosition { get }
    /// Moves to the value of the next document; false where there is none.
    mutating func nextDocument() throws(NodeFault) -> Bool
    /// What the next value is.
    mutating func shape() throws(NodeFault) -> NodeShape
    /// Moves into the mapping or sequence that is next.
    mutating func enter() throws(NodeFault)
    /// Reads a key of the mapping, or leaves the mapping and returns nil. `isFirst` says that no key was read yet.
    mutating func nextKey(isFirst: Bool) throws(NodeFault) -> String?
    /// Moves to an element of the sequence, or leaves the sequence and returns false.
    mutating func nextElement(isFirst: Bool) throws(NodeFault) -> Bool
    /// Reads a value that is neither a mapping nor a sequence.
    mutating func scalar() throws(NodeFault) -> TextNode.Value
    /// Moves over a value with all that is in it.
    mutating func skip() throws(NodeFault)
    /// Reads the next value, of it what is wanted.
    // A requirement, although there is only one way to do it: its code is then made for each source, where the bytes are
    // read, instead of once for all of them, where every byte is a call.
    mutating func node(_ wanted: WantedFields) throws(NodeFault) -> TextNode
}

extension NodeSource {
    package mutating func node(_ wanted: WantedFields) throws(NodeFault) -> TextNode {
        let shape = try shape()
        let start = position
        switch shape {
        case .scalar:
            return TextNode(position: start, value: try scalar())
        case .sequence:
            var elements: [TextNode] = []
            try enter()
            while try nextElement(isFirst: elements.isEmpty) {
                elements.append(try node(wanted))
            }
            return TextNode(position: start, value: .sequence(elements))
        case .mapping:
            var fields: [TextNode.Field] = []
            var isFirst = true
            try enter()
            while let key = try nextKey(isFirst: isFirst) {
                isFirst = false
                guard let below = wanted.below(key) else {
                    try skip()
                    continue
                }
                try append(key, below, to: &fields, checkingDuplicates: wanted.namesFields)
            }
            return TextNode(position: start, value: .mapping(fields))
        }
    }

    /// Reads the value of `key` into `fields`. Which of two values of one key counts differs from reader to reader, so
    /// that is an error.
    package mutating func append(
        _ key: String, _ wanted: WantedFields, to fields: inout [TextNode.Field], checkingDuplicates: Bool
    ) throws(NodeFault) {
        let value = try node(wanted)
        if checkingDuplicates, fields.contains(where: { $0.name == key }) {
            throw NodeFault(value.position, "\(key) is there twice in one mapping, expected once")
        }
        fields.append(TextNode.Field(name: key, node: value))
    }
}

extension WantedFields {
    /// Whether the keys are known and thus few; else duplicates are looked for where the mapping is used.
    var namesFields: Bool {
        if case .only = self { true } else { false }
    }
}
