/// Writes protobuf for tests, as Kubernetes does and as it does not.
struct ProtobufWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func number(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func text(_ field: UInt64, _ value: String) { bytes(field, Array(value.utf8)) }

    mutating func message(_ field: UInt64, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        bytes(field, inner.bytes)
    }

    static func message(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }

    /// The mark, and an object of a kind.
    static func answer(kind: String, apiVersion: String = "v1", _ object: [UInt8]) -> [UInt8] {
        Array("k8s\0".utf8)
            + message {
                $0.message(1) {
                    $0.text(1, apiVersion)
                    $0.text(2, kind)
                }
                $0.bytes(2, object)
                $0.text(3, "")
                $0.text(4, "")
            }
    }

    /// The frame of an event of a watch.
    static func frame(_ type: String, kind: String, _ object: [UInt8]) -> [UInt8] {
        frame(
            message {
                $0.text(1, type)
                $0.message(2) { $0.bytes(1, answer(kind: kind, object)) }
            })
    }

    static func frame(_ event: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: event.count).bigEndian) { Array($0) } + event
    }

    static func metadata(
        _ namespace: String = "shop", _ name: String = "web", version: String = "7", labels: [(String, String)] = [],
        annotations: [(String, String)] = []
    ) -> [UInt8] {
        message {
            $0.text(1, name)
            $0.text(3, namespace)
            $0.text(6, version)
            for (field, entries) in [(UInt64(11), labels), (12, annotations)] {
                for (key, value) in entries {
                    $0.message(field) {
                        $0.text(1, key)
                        $0.text(2, value)
                    }
                }
            }
        }
    }
}
