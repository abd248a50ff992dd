/// What the next value of a snapshot's text is, seen without reading it.
enum SnapshotShape {
    case mapping
    case sequence
    case scalar
}

/// A snapshot's text as a stream of values: JSON or YAML, one document after the other.
///
/// Every call moves forward over what it returns. A mapping is `enter()`, then `nextKey` and its value until there is
/// no key; a sequence is `enter()`, then `nextElement` and the element until there is none.
protocol SnapshotSource {
    /// Where the next value begins.
    var position: SnapshotPosition { get }
    /// Moves to the value of the next document; false where there is none.
    mutating func nextDocument() throws(SnapshotFault) -> Bool
    /// What the next value is.
    mutating func shape() throws(SnapshotFault) -> SnapshotShape
    /// Moves into the mapping or sequence that is next.
    mutating func enter() throws(SnapshotFault)
    /// Reads a key of the mapping, or leaves the mapping and returns nil. `isFirst` says that no key was read yet.
    mutating func nextKey(isFirst: Bool) throws(SnapshotFault) -> String?
    /// Moves to an element of the sequence, or leaves the sequence and returns false.
    mutating func nextElement(isFirst: Bool) throws(SnapshotFault) -> Bool
    /// Reads a value that is neither a mapping nor a sequence.
    mutating func scalar() throws(SnapshotFault) -> SnapshotNode.Value
    /// Moves over a value with all that is in it.
    mutating func skip() throws(SnapshotFault)
}

extension SnapshotSource {
    /// Reads the next value, of it what is wanted.
    mutating func node(_ wanted: WantedFields) throws(SnapshotFault) -> SnapshotNode {
        let shape = try shape()
        let start = position
        switch shape {
        case .scalar:
            return SnapshotNode(position: start, value: try scalar())
        case .sequence:
            var elements: [SnapshotNode] = []
            try enter()
            while try nextElement(isFirst: elements.isEmpty) {
                elements.append(try node(wanted))
            }
            return SnapshotNode(position: start, value: .sequence(elements))
        case .mapping:
            var fields: [SnapshotNode.Field] = []
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
            return SnapshotNode(position: start, value: .mapping(fields))
        }
    }

    /// Reads the value of `key` into `fields`. Which of two values of one key counts differs from reader to reader, so
    /// that is an error.
    mutating func append(
        _ key: String, _ wanted: WantedFields, to fields: inout [SnapshotNode.Field], checkingDuplicates: Bool
    ) throws(SnapshotFault) {
        let value = try node(wanted)
        if checkingDuplicates, fields.contains(where: { $0.name == key }) {
            throw SnapshotFault(value.position, "\(key) is there twice in one mapping, expected once")
        }
        fields.append(SnapshotNode.Field(name: key, node: value))
    }
}

extension WantedFields {
    /// Whether the keys are known and thus few; else duplicates are looked for where the mapping is used.
    var namesFields: Bool {
        if case .only = self { true } else { false }
    }
}
