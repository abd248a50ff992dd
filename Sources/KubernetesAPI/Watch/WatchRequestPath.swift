/// The text of a request: path, query and Accept field.
extension WatchRequest {
    /// Protobuf where the server has it, JSON otherwise.
    private static let protobufOrJSON = "application/vnd.kubernetes.protobuf,application/json"

    /// What is asked for, percent-encoded, such as `/api/v1/services?limit=500&resourceVersion=0`.
    package func path(of stream: WatchStream) -> String {
        var text = stream.resource.group.isEmpty ? "/api/" : "/apis/" + stream.resource.group + "/"
        text += stream.resource.version
        // A Namespace is in no namespace: the one of the stream is named by the field selector.
        if let namespace = stream.namespace, !stream.isOneNamespaceObject {
            text += "/namespaces/" + Self.percentEncoded(namespace)
        }
        text += "/" + stream.resource.plural
        for (index, (name, value)) in parameters(of: stream).enumerated() {
            text += (index == 0 ? "?" : "&") + name + "=" + Self.percentEncoded(value)
        }
        return text
    }

    /// The media types to ask for: custom resources are only spoken of in JSON.
    package static func accept(_ resource: WatchedResource) -> String {
        resource == .serviceImports ? "application/json" : protobufOrJSON
    }

    private func parameters(of stream: WatchStream) -> [(String, String)] {
        var parameters: [(String, String)] = []
        switch kind {
        case .list(let limit, let continueToken):
            if limit > 0 { parameters.append(("limit", String(limit))) }
            if !continueToken.isEmpty { parameters.append(("continue", continueToken)) }
        case .watch(let timeoutSeconds, let initialEvents):
            parameters.append(("watch", "true"))
            parameters.append(("allowWatchBookmarks", "true"))
            parameters.append(("timeoutSeconds", String(timeoutSeconds)))
            if initialEvents { parameters.append(("sendInitialEvents", "true")) }
        }
        if let resourceVersion { parameters.append(("resourceVersion", resourceVersion)) }
        if notOlderThan { parameters.append(("resourceVersionMatch", "NotOlderThan")) }
        if !stream.labelSelector.isEmpty { parameters.append(("labelSelector", stream.labelSelector)) }
        if !stream.fieldSelector.isEmpty { parameters.append(("fieldSelector", stream.fieldSelector)) }
        return parameters
    }

    /// Everything but the unreserved characters of RFC 3986, section 2.3.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
