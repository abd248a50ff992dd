import CYAML

/// Reads YAML, one document or several, with libyaml's event parser.
///
/// Aliases and merge keys are refused where they would be read: kubectl never prints any, and without them a text
/// cannot grow while it is read.
package final class YAMLSource: NodeSource {
    // SAFETY: both are allocated and initialised in init, freed in deinit and never leave this class. The parser reads
    // the text given to init, which `init` asks the caller to keep alive.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let text: UnsafeBufferPointer<UInt8>
    private var hasEvent = false
    private var depth = 0

    /// A reader of this UTF-8 text, which must stay where it is for as long as this object lives.
    package init(_ text: UnsafeBufferPointer<UInt8>) throws(NodeFault) {
        self.text = text
        parser = .allocate(capacity: 1)
        event = .allocate(capacity: 1)
        // SAFETY: both types are plain C structs for which all bits zero is a valid, empty value.
        parser.initialize(to: yaml_parser_t())
        event.initialize(to: yaml_event_t())
        guard yaml_parser_initialize(parser) == 1 else {
            throw NodeFault(nil, "not enough memory for a YAML parser")
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
        try advance()
    }

    deinit {
        // SAFETY: deleting a parser or event that is all zeros is what libyaml itself does after an error.
        if hasEvent { yaml_event_delete(event) }
        yaml_parser_delete(parser)
        event.deallocate()
        parser.deallocate()
    }

    package var position: TextPosition {
        Self.position(event.pointee.start_mark)
    }

    package func nextDocument() throws(NodeFault) -> Bool {
        while true {
            switch event.pointee.type {
            case YAML_STREAM_END_EVENT:
                return false
            case YAML_DOCUMENT_START_EVENT:
                try advance()
                return true
            default:
                try advance()
            }
        }
    }

    package func shape() throws(NodeFault) -> NodeShape {
        switch event.pointee.type {
        case YAML_MAPPING_START_EVENT: .mapping
        case YAML_SEQUENCE_START_EVENT: .sequence
        default: .scalar
        }
    }

    package func enter() throws(NodeFault) {
        try deepen(by: 1)
        try advance()
    }

    package func nextKey(isFirst: Bool) throws(NodeFault) -> String? {
        switch event.pointee.type {
        case YAML_MAPPING_END_EVENT:
            depth -= 1
            try advance()
            return nil
        case YAML_SCALAR_EVENT:
            let key = try scalarText()
            if key == "<<", event.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE {
                throw NodeFault(position, "a merge key <<, expected the fields themselves")
            }
            try advance()
            return key
        default:
            throw NodeFault(position, "a key that is not text, expected the name of a field")
        }
    }

    package func nextElement(isFirst: Bool) throws(NodeFault) -> Bool {
        guard event.pointee.type == YAML_SEQUENCE_END_EVENT else { return true }
        depth -= 1
        try advance()
        return false
    }

    package func scalar() throws(NodeFault) -> TextNode.Value {
        guard event.pointee.type == YAML_SCALAR_EVENT else {
            throw NodeFault(position, "an alias, expected the value itself")
        }
        let value: TextNode.Value
        let text = try scalarText()
        switch Self.string(event.pointee.data.scalar.tag) {
        case nil:
            let isPlain = event.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
            value = isPlain ? YAMLScalar.value(ofPlain: text) : .text(text)
        case "!", "tag:yaml.org,2002:str":
            value = .text(text)
        case .some(let tag):
            throw NodeFault(position, "a value with the tag \(tag), expected a value without a tag")
        }
        try advance()
        return value
    }

    package func skip() throws(NodeFault) {
        let outside = depth
        repeat {
            switch event.pointee.type {
            case YAML_MAPPING_START_EVENT, YAML_SEQUENCE_START_EVENT:
                try deepen(by: 1)
            case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
                depth -= 1
            case YAML_STREAM_END_EVENT:
                // libyaml closes what it opened, so this does not happen; without it the loop would rely on that.
                throw NodeFault(position, "the text ends inside a value")
            default:
                break
            }
            try advance()
        } while depth > outside
    }

    private func deepen(by levels: Int) throws(NodeFault) {
        guard depth < NodeLimits.maximumDepth else {
            throw NodeFault(position, "lists and mappings nest deeper than \(NodeLimits.maximumDepth)")
        }
        depth += levels
    }

    /// The text of the scalar event.
    private func scalarText() throws(NodeFault) -> String {
        // SAFETY: the event is a scalar, so this member of the union is the live one; its value has `length` bytes and
        // lives until the event is deleted in advance().
        let scalar = event.pointee.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NodeFault(position, "text that is not UTF-8")
        }
        return text
    }

    /// Moves to the next event.
    private func advance() throws(NodeFault) {
        if hasEvent { yaml_event_delete(event) }
        hasEvent = yaml_parser_parse(parser, event) == 1
        guard hasEvent else { throw parserFault() }
    }

    private func parserFault() -> NodeFault {
        let state = parser.pointee
        // SAFETY: libyaml's messages are static C strings.
        let problem = state.problem.map { String(cString: $0) } ?? "the text cannot be read as YAML"
        guard state.error == YAML_READER_ERROR else {
            let context = state.context.map { " \(String(cString: $0))" } ?? ""
            return NodeFault(Self.position(state.problem_mark), problem + context)
        }
        // The reader knows no lines, only the offset of the byte that it refuses.
        let before = text.prefix(state.problem_offset)
        let line = before.count { $0 == UInt8(ascii: "\n") }
        let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
        return NodeFault(TextPosition(line: line + 1, column: column + 1), problem)
    }

    private static func position(_ mark: yaml_mark_t) -> TextPosition {
        TextPosition(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }

    /// A C string of libyaml as text; nil where there is none.
    private static func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // SAFETY: libyaml ends its strings with a zero byte.
        bytes.map { String(cString: $0) }
    }
}
