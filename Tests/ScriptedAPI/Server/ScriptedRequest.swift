/// A request as it came, for a test to look at.
package struct ScriptedRequest: Sendable {
    /// Which objects a path is about.
    package struct Route: Sendable, Hashable {
        package let resource: ScriptedResource
        package let namespace: String?
        /// The name of a single object; nil for a list or watch.
        package let name: String?
    }

    package let method: String
    /// Path and query as they were sent.
    package let target: String
    /// The path, decoded.
    package let path: String
    /// The parameters, decoded, in their order.
    package let query: [(name: String, value: String)]
    /// The header fields; names in lower case.
    package let headers: [(name: String, value: String)]
    /// Counts the connections of the server, from 1.
    package let connection: Int
    /// The common name in the client's certificate; empty without one.
    package let clientName: String
    /// Nil for a path that is not of objects.
    package let route: Route?

    /// The value of a parameter; empty where there is none.
    package func parameter(_ name: String) -> String {
        query.first { $0.name == name }?.value ?? ""
    }

    /// The value of a header field, by its name in lower case; empty where there is none.
    package func header(_ name: String) -> String {
        headers.first { $0.name == name }?.value ?? ""
    }

    /// Whether it is a watch.
    package var isWatch: Bool {
        let value = parameter("watch")
        return value == "1" || value == "true"
    }

    /// Parses a head, without the empty line at its end; nil when it is none of HTTP/1.1.
    init?(head: [UInt8], connection: Int, clientName: String) {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let words = lines.first?.split(separator: " "), words.count == 3, words[2].hasPrefix("HTTP/1.") else {
            return nil
        }
        method = String(words[0])
        target = String(words[1])
        var fields: [(String, String)] = []
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            var value = line[line.index(after: colon)...]
            while value.first == " " { value.removeFirst() }
            while value.last == " " { value.removeLast() }
            fields.append((line[..<colon].lowercased(), String(value)))
        }
        headers = fields
        let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = Self.decoded(parts[0], plusIsSpace: false)
        var parameters: [(String, String)] = []
        if parts.count == 2 {
            for pair in parts[1].split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = sides.count == 2 ? Self.decoded(sides[1], plusIsSpace: true) : ""
                parameters.append((Self.decoded(sides[0], plusIsSpace: true), value))
            }
        }
        query = parameters
        self.connection = connection
        self.clientName = clientName
        route = Self.route(path)
    }

    private static func route(_ path: String) -> Route? {
        for resource in ScriptedResource.allCases {
            let root = resource.root + "/"
            guard path.hasPrefix(root) else { continue }
            let rest = path.dropFirst(root.count).split(separator: "/").map(String.init)
            if rest.first == resource.rawValue, rest.count <= 2 {
                // The name of a namespaced object needs its namespace.
                guard rest.count == 1 || !resource.isNamespaced else { continue }
                return Route(resource: resource, namespace: nil, name: rest.count == 2 ? rest[1] : nil)
            }
            if resource.isNamespaced, rest.count >= 3, rest.count <= 4, rest[0] == "namespaces",
                rest[2] == resource.rawValue
            {
                return Route(resource: resource, namespace: rest[1], name: rest.count == 4 ? rest[3] : nil)
            }
        }
        return nil
    }

    private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String {
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                bytes.removeFirst(2)
            } else {
                out.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
