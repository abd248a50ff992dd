/// The two forms in which objects are served, and the envelopes of each.
package enum ScriptedFormat: Sendable, Hashable {
    case protobuf
    case json

    /// What Content-Type says.
    package func contentType(isWatch: Bool) -> String {
        switch self {
        case .protobuf:
            isWatch ? "application/vnd.kubernetes.protobuf;stream=watch" : "application/vnd.kubernetes.protobuf"
        case .json: "application/json"
        }
    }

    /// `k8s`, a zero byte, and the head of a runtime.Unknown up to the `count` bytes of its object.
    private static func unknownHead(apiVersion: String, kind: String, count: Int) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) {
            $0.string(1, apiVersion)
            $0.string(2, kind)
        }
        writer.header(2, count: count)
        return Array("k8s\0".utf8) + writer.bytes
    }

    /// contentEncoding and contentType, always there and always empty.
    private static let unknownTail: [UInt8] = [0x1a, 0, 0x22, 0]

    /// A whole body or the object of an event; `content` is the message, or the JSON without its beginning.
    func envelope(apiVersion: String, kind: String, content: [UInt8]) -> [UInt8] {
        switch self {
        case .protobuf:
            return Self.unknownHead(apiVersion: apiVersion, kind: kind, count: content.count) + content
                + Self.unknownTail
        case .json:
            return Array(#"{"kind":"\#(kind)","apiVersion":"\#(apiVersion)","#.utf8) + content
        }
    }

    /// An object's message or JSON content.
    func content(_ stored: StoredObject) -> [UInt8] {
        self == .protobuf ? stored.protobuf : stored.json
    }

    /// The items of a list, one behind the other.
    func items(_ objects: [StoredObject], _ resource: ScriptedResource) -> [UInt8] {
        switch self {
        case .protobuf:
            var writer = ProtobufWriter()
            for object in objects { writer.data(2, object.protobuf) }
            return writer.bytes
        case .json:
            // Only custom resources say in each item what they are.
            let head =
                resource == .serviceImports
                ? #"{"apiVersion":"\#(resource.apiVersion)","kind":"\#(resource.kind)","# : "{"
            var out: [UInt8] = []
            for (index, object) in objects.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                out.append(contentsOf: head.utf8)
                out.append(contentsOf: object.json)
            }
            return out
        }
    }

    /// What comes before and after the items of a list.
    func listFrame(
        _ resource: ScriptedResource, version: UInt64, continueToken: String, remaining: Int?, itemBytes: Int
    ) -> (head: [UInt8], tail: [UInt8]) {
        switch self {
        case .protobuf:
            var metadata = ProtobufWriter()
            metadata.message(1) {
                $0.string(1, "")
                $0.string(2, String(version))
                $0.string(3, continueToken)
                $0.optionalNumber(4, remaining.map(Int64.init))
            }
            let head = Self.unknownHead(
                apiVersion: resource.apiVersion, kind: resource.kind + "List", count: metadata.bytes.count + itemBytes)
            return (head + metadata.bytes, Self.unknownTail)
        case .json:
            var metadata = JSONWriter()
            metadata.object {
                $0.field("resourceVersion", String(version))
                $0.nonEmpty("continue", continueToken)
                if let remaining { $0.number("remainingItemCount", Int64(remaining)) }
            }
            let head = #"{"kind":"\#(resource.kind)List","apiVersion":"\#(resource.apiVersion)","metadata":"#
            return (Array(head.utf8) + metadata.bytes + Array(#","items":["#.utf8), Array("]}\n".utf8))
        }
    }

    /// A frame of a watch: the length in four bytes and a WatchEvent, or a line.
    func event(_ type: String, apiVersion: String, kind: String, content: [UInt8]) -> [UInt8] {
        let object = envelope(apiVersion: apiVersion, kind: kind, content: content)
        switch self {
        case .protobuf:
            var writer = ProtobufWriter()
            writer.string(1, type)
            writer.message(2) { $0.data(1, object) }
            let length = UInt32(writer.bytes.count)
            let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> UInt32($0)) }
            return prefix + writer.bytes
        case .json:
            return Array(#"{"type":"\#(type)","object":"#.utf8) + object + Array("}\n".utf8)
        }
    }

    /// A bookmark's frame.
    func bookmark(_ resource: ScriptedResource, version: UInt64, endsInitialEvents: Bool) -> [UInt8] {
        let content: [UInt8]
        switch self {
        case .protobuf:
            var writer = ProtobufWriter()
            writer.bookmark(resource, version: version, endsInitialEvents: endsInitialEvents)
            content = writer.bytes
        case .json:
            var writer = JSONWriter()
            writer.bookmark(resource, version: version, endsInitialEvents: endsInitialEvents)
            content = writer.bytes
        }
        return event("BOOKMARK", apiVersion: resource.apiVersion, kind: resource.kind, content: content)
    }

    /// An ERROR event's frame.
    func error(_ status: ScriptedStatus) -> [UInt8] {
        event("ERROR", apiVersion: "v1", kind: "Status", content: self == .protobuf ? status.protobuf : status.json)
    }

    /// A Status as a whole body.
    func body(_ status: ScriptedStatus) -> [UInt8] {
        let content = self == .protobuf ? status.protobuf : status.json
        return envelope(apiVersion: "v1", kind: "Status", content: content) + (self == .json ? [10] : [])
    }
}
