/// Reads JSON (RFC 8259), one value or several after each other, with or without `---` between them.
///
/// libyaml reads most JSON too, but not tabs between tokens, `\/` or surrogate pairs, and takes several times as long.
package struct JSONSource: NodeSource {
    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0

    /// A reader of this text, whose first `start` bytes are left out (a byte order mark).
    package init(_ bytes: [UInt8], from start: Int = 0) {
        self.bytes = bytes
        offset = start
        lineStart = start
    }

    package var position: TextPosition {
        TextPosition(line: line, column: offset - lineStart + 1)
    }

    package mutating func nextDocument() throws(NodeFault) -> Bool {
        skipSpace()
        while offset == lineStart, bytes[offset...].starts(with: "---".utf8) {
            offset += 3
            skipSpace()
        }
        return offset < bytes.count
    }

    package mutating func shape() throws(NodeFault) -> NodeShape {
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .mapping
        case UInt8(ascii: "["): return .sequence
        default: return .scalar
        }
    }

    package mutating func enter() throws(NodeFault) {
        guard depth < NodeLimits.maximumDepth else {
            throw fault("lists and mappings nest deeper than \(NodeLimits.maximumDepth)")
        }
        depth += 1
        offset += 1
    }

    package mutating func nextKey(isFirst: Bool) throws(NodeFault) -> String? {
        guard try !leaves(at: UInt8(ascii: "}"), isFirst: isFirst) else { return nil }
        guard current == UInt8(ascii: "\"") else {
            throw unexpected(isFirst ? "a key in quotes or }" : "a key in quotes")
        }
        let key = try string()
        try takeColon()
        return key
    }

    package mutating func nextElement(isFirst: Bool) throws(NodeFault) -> Bool {
        try !leaves(at: UInt8(ascii: "]"), isFirst: isFirst)
    }

    package mutating func scalar() throws(NodeFault) -> TextNode.Value {
        switch current {
        case UInt8(ascii: "\""):
            return .text(try string())
        case UInt8(ascii: "t"):
            try take("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try take("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try take("null")
            return .null
        default:
            let start = offset
            try takeNumber()
            return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
        }
    }

    package mutating func skip() throws(NodeFault) {
        var isFirst = true
        switch try shape() {
        case .mapping:
            try enter()
            while try !leaves(at: UInt8(ascii: "}"), isFirst: isFirst) {
                isFirst = false
                guard current == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
                _ = try takeString()
                try takeColon()
                try skip()
            }
        case .sequence:
            try enter()
            while try nextElement(isFirst: isFirst) {
                isFirst = false
                try skip()
            }
        case .scalar:
            if current == UInt8(ascii: "\"") { _ = try takeString() } else { _ = try scalar() }
        }
    }

    /// The byte at `offset`; nil at the end.
    private var current: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\n"):
                offset += 1
                line += 1
                lineStart = offset
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                offset += 1
            default:
                return
            }
        }
    }

    /// Moves over the closing bracket and says true, or over the comma before the next member.
    private mutating func leaves(at close: UInt8, isFirst: Bool) throws(NodeFault) -> Bool {
        skipSpace()
        if current == close {
            offset += 1
            depth -= 1
            return true
        }
        if !isFirst {
            guard current == UInt8(ascii: ",") else {
                throw unexpected("a comma or \(Character(Unicode.Scalar(close)))")
            }
            offset += 1
            skipSpace()
        }
        return false
    }

    private mutating func takeColon() throws(NodeFault) {
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw unexpected("a colon") }
        offset += 1
    }

    private mutating func take(_ word: String) throws(NodeFault) {
        guard bytes[offset...].starts(with: word.utf8) else { throw unexpected(word) }
        offset += word.utf8.count
    }

    private mutating func takeNumber() throws(NodeFault) {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        // RFC 8259 section 6: no leading zeros.
        if current == UInt8(ascii: "0") { offset += 1 } else { try takeDigits(from: start) }
        if current == UInt8(ascii: ".") {
            offset += 1
            try takeDigits(from: start)
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try takeDigits(from: start)
        }
    }

    private mutating func takeDigits(from start: Int) throws(NodeFault) {
        let first = offset
        while let digit = current, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") { offset += 1 }
        guard offset > first else { throw unexpected(first == start ? "a value" : "a digit") }
    }

    /// Moves over the string at `offset`, escapes unread; returns the range between the quotes and whether it has
    /// escapes.
    private mutating func takeString() throws(NodeFault) -> (range: Range<Int>, hasEscapes: Bool) {
        let start = offset
        var hasEscapes = false
        offset += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return (start + 1..<offset - 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset += 2
            case 0..<0x20:
                // RFC 8259 section 7: control characters must be escaped.
                throw fault("a control character (code \(byte)) in text, expected it escaped or the closing quote")
            default:
                offset += 1
            }
        }
        offset = start
        throw fault("text without a closing quote")
    }

    private mutating func string() throws(NodeFault) -> String {
        let start = position
        let (range, hasEscapes) = try takeString()
        let text =
            hasEscapes
            ? String(validating: try JSONEscapes.resolved(bytes[range], at: start), as: UTF8.self)
            : String(validating: bytes[range], as: UTF8.self)
        guard let text else { throw NodeFault(start, "text that is not UTF-8") }
        return text
    }

    private func unexpected(_ expected: String) -> NodeFault {
        guard let current else { return fault("the text ends, expected \(expected)") }
        let found =
            current > 0x20 && current < 0x7f ? "\(Character(Unicode.Scalar(current)))" : "a byte of code \(current)"
        return fault("found \(found), expected \(expected)")
    }

    private func fault(_ problem: String) -> NodeFault {
        NodeFault(position, problem)
    }
}
