import Synchronization

/// One version of an object, with its encodings, each made when it is first asked for.
final class StoredObject: Sendable {
    let object: ScriptedObject
    let version: UInt64
    private let encodings = Mutex<(protobuf: [UInt8]?, json: [UInt8]?)>((nil, nil))

    init(_ object: ScriptedObject, version: UInt64) {
        var object = object
        object.metadata.resourceVersion = version
        self.object = object
        self.version = version
    }

    /// The object's message, without the envelope.
    var protobuf: [UInt8] {
        encodings.withLock { kept in
            if let bytes = kept.protobuf { return bytes }
            var writer = ProtobufWriter()
            writer.object(object)
            kept.protobuf = writer.bytes
            return writer.bytes
        }
    }

    /// The object's JSON from behind `kind` and `apiVersion` to the closing brace.
    var json: [UInt8] {
        encodings.withLock { kept in
            if let bytes = kept.json { return bytes }
            var writer = JSONWriter()
            writer.content(object)
            kept.json = writer.bytes
            return writer.bytes
        }
    }
}
