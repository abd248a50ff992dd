/// Where the API server is: a scheme, a host and port, and a path before every request's.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    /// Whether it is https.
    package let isTLS: Bool
    /// The name or address, an IPv6 address without brackets.
    package let host: String
    /// The port.
    package let port: UInt16
    /// What comes before the path of every request, without a slash at its end: "" or "/k8s/clusters/c-1".
    package let prefix: String

    init(isTLS: Bool, host: String, port: UInt16, prefix: String = "") {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.prefix = prefix
    }

    /// Reads a URL, or HOST or HOST:PORT as client-go does: that is https when `assumesTLS` (something of TLS is
    /// configured), else http.
    ///
    /// Throws a sentence that says what was found and what was expected.
    package init(_ text: String, assumesTLS: Bool) throws(APIServerProblem) {
        let (isTLS, hasScheme, rest) = try Self.scheme(text, assumesTLS: assumesTLS)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        var path = rest[end...]
        func refused(_ problem: String) -> APIServerProblem {
            APIServerProblem(
                "\"\(Self.withoutUser(text))\" \(problem), expected a URL such as https://10.0.0.1:6443, or HOST:PORT")
        }
        guard path.first != "?", path.first != "#", !path.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw refused("has a query or fragment")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw refused("has characters that a URL cannot have")
        }
        guard !authority.contains("@") else {
            throw refused("has a user name, which belongs into a kubeconfig")
        }
        while path.last == "/" { path = path.dropLast() }
        guard hasScheme || path.isEmpty else { throw refused("has a path but no https://") }
        guard let (host, portText) = Self.hostAndPort(authority), Self.isHost(host) else {
            throw refused("has no host name or address")
        }
        var port: UInt16 = isTLS ? 443 : 80
        if let portText {
            guard let number = UInt16(portText), number > 0, !portText.hasPrefix("+") else {
                throw refused("has the port \"\(portText)\"")
            }
            port = number
        }
        self.init(isTLS: isTLS, host: host, port: port, prefix: String(path))
    }

    /// HOST:PORT, with brackets around an IPv6 address; the `host` of metrics.
    package var authority: String {
        "\(bracketedHost):\(port)"
    }

    /// The whole URL without a path.
    package var description: String {
        "\(isTLS ? "https" : "http")://\(authority)\(prefix)"
    }

    /// The host as URLs have it.
    var bracketedHost: String {
        host.contains(":") ? "[\(host)]" : host
    }

    /// A URL for people: without a user and password in it.
    static func withoutUser(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let start = separator(in: text)?.upperBound ?? text.startIndex
        // An @ before the host, if this is a URL at all.
        guard start <= at else { return text }
        return text[..<start] + "..." + text[at...]
    }

    private static func scheme(
        _ text: String, assumesTLS: Bool
    ) throws(APIServerProblem) -> (isTLS: Bool, isGiven: Bool, rest: Substring) {
        guard let range = separator(in: text) else { return (assumesTLS, false, text[...]) }
        switch text[..<range.lowerBound].lowercased() {
        case "https": return (true, true, text[range.upperBound...])
        case "http": return (false, true, text[range.upperBound...])
        case let other:
            throw APIServerProblem("\"\(withoutUser(text))\" has the scheme \"\(other)\", expected https or http")
        }
    }

    private static func separator(in text: String) -> Range<String.Index>? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        return colon..<text.index(colon, offsetBy: 3)
    }

    private static func hostAndPort(_ authority: Substring) -> (host: String, port: Substring?)? {
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            let host = String(authority[authority.index(after: authority.startIndex)..<close])
            let rest = authority[authority.index(after: close)...]
            guard IPAddress(host) != nil, host.contains(":") else { return nil }
            if rest.isEmpty { return (host, nil) }
            guard rest.first == ":" else { return nil }
            return (host, rest.dropFirst())
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (String(parts[0]), nil)
        case 2: return (String(parts[0]), parts[1])
        // An IPv6 address without brackets: its last group cannot be told from a port.
        default: return nil
        }
    }

    private static func isHost(_ host: String) -> Bool {
        !host.isEmpty
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
