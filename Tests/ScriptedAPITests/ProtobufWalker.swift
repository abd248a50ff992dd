/// Reads protobuf without knowing what it is, but for which fields are messages.
enum ProtobufWalker {
    struct Malformed: Error {}

    struct Field {
        let number: Int
        /// The bytes of a length-delimited field; nil for a number.
        let bytes: ArraySlice<UInt8>?
        let value: UInt64
    }

    static func fields(_ bytes: ArraySlice<UInt8>) throws -> [Field] {
        var rest = bytes
        var fields: [Field] = []
        while !rest.isEmpty {
            let tag = try varint(&rest)
            let number = Int(tag >> 3)
            let value = try varint(&rest)
            switch tag & 7 {
            case 0: fields.append(Field(number: number, bytes: nil, value: value))
            case 2:
                guard value <= rest.count else { throw Malformed() }
                fields.append(Field(number: number, bytes: rest.prefix(Int(value)), value: 0))
                rest = rest.dropFirst(Int(value))
            default: throw Malformed()
            }
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw Malformed() }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }

    /// The message in an envelope: `k8s\0`, and the second field of a runtime.Unknown.
    static func message(_ body: [UInt8]) throws -> ArraySlice<UInt8> {
        guard body.starts(with: Array("k8s\0".utf8)) else { throw Malformed() }
        guard let raw = try fields(body.dropFirst(4)).first(where: { $0.number == 2 })?.bytes else { throw Malformed() }
        return raw
    }

    /// The paths of all fields, such as `2.1.17.7.1`; `messages` says which paths are messages.
    static func paths(_ bytes: ArraySlice<UInt8>, messages: Set<String>, below: String = "") throws -> Set<String> {
        var out: Set<String> = []
        for field in try fields(bytes) {
            let path = below.isEmpty ? String(field.number) : below + "." + String(field.number)
            out.insert(path)
            if let inner = field.bytes, messages.contains(path) {
                out.formUnion(try paths(inner, messages: messages, below: path))
            }
        }
        return out
    }

    /// The frames of a watch: type and object, without the object's envelope.
    static func events(_ body: [UInt8]) throws -> [(type: String, object: ArraySlice<UInt8>)] {
        var rest = body[...]
        var out: [(String, ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw Malformed() }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length <= rest.count else { throw Malformed() }
            let event = try fields(rest.prefix(length))
            rest = rest.dropFirst(length)
            guard let type = event.first(where: { $0.number == 1 })?.bytes,
                let extensionBytes = event.first(where: { $0.number == 2 })?.bytes,
                let object = try fields(extensionBytes).first(where: { $0.number == 1 })?.bytes
            else { throw Malformed() }
            out.append((String(decoding: type, as: UTF8.self), try message(Array(object))))
        }
        return out
    }
}
