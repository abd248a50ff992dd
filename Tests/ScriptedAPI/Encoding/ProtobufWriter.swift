/// Writes protobuf fields in the order they are given, as Kubernetes's generated code does: what is not a pointer there is
/// written even when it is empty.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case lengthDelimited = 2
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func tag(_ field: Int, _ type: WireType) {
        varint(UInt64(field) << 3 | type.rawValue)
    }

    mutating func number(_ field: Int, _ value: Int64) {
        tag(field, .varint)
        varint(UInt64(bitPattern: value))
    }

    mutating func flag(_ field: Int, _ value: Bool) {
        number(field, value ? 1 : 0)
    }

    mutating func string(_ field: Int, _ value: String) {
        tag(field, .lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func data(_ field: Int, _ value: [UInt8]) {
        tag(field, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A field whose bytes, `count` of them, the caller adds itself.
    mutating func header(_ field: Int, count: Int) {
        tag(field, .lengthDelimited)
        varint(UInt64(count))
    }

    mutating func optionalFlag(_ field: Int, _ value: Bool?) {
        if let value { flag(field, value) }
    }

    mutating func optionalNumber(_ field: Int, _ value: Int64?) {
        if let value { number(field, value) }
    }

    mutating func optionalString(_ field: Int, _ value: String?) {
        if let value { string(field, value) }
    }

    mutating func strings(_ field: Int, _ values: [String]) {
        for value in values { string(field, value) }
    }

    mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        tag(field, .lengthDelimited)
        let start = bytes.count
        // Most messages are short: room for one byte of length, and more where it turns out to need more.
        bytes.append(0)
        body(&self)
        var length = bytes.count - start - 1
        guard length >= 0x80 else {
            bytes[start] = UInt8(length)
            return
        }
        var prefix: [UInt8] = []
        while length >= 0x80 {
            prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        prefix.append(UInt8(length))
        bytes.replaceSubrange(start...start, with: prefix)
    }

    /// A map of strings, in the order of its keys.
    mutating func map(_ field: Int, _ values: [String: String]) {
        for key in values.keys.sorted() {
            message(field) {
                $0.string(1, key)
                $0.string(2, values[key] ?? "")
            }
        }
    }

    /// A metav1.Time.
    mutating func time(_ field: Int, _ seconds: Int64) {
        message(field) {
            $0.number(1, seconds)
            $0.number(2, 0)
        }
    }
}
