/// The variable NO_PROXY, a list of what is reached without a proxy, as Go's net/http (golang.org/x/net/http/httpproxy) and
/// so client-go reads it: `*`, addresses, CIDR blocks, and names, each of which stands for what is below it too, unless it
/// begins with a dot (or `*.`): then for that only. A port may stand behind a name or address.
enum ProxyExceptions {
    /// Whether `list` has the host and port of `server`.
    static func has(_ server: ServerURL, in list: String) -> Bool {
        let host = server.host.lowercased()
        let address = IPAddress(host)
        for entry in list.split(separator: ",") {
            let entry = trimmed(entry).lowercased()
            if entry == "*" { return true }
            if let slash = entry.firstIndex(of: "/") {
                if let address, contains(address, entry[..<slash], entry[entry.index(after: slash)...]) { return true }
                continue
            }
            let (name, port) = nameAndPort(entry)
            guard !name.isEmpty, port.isEmpty || port == String(server.port) else { continue }
            if let excepted = IPAddress(name) {
                if excepted == address { return true }
            } else if isName(host, of: name) {
                return true
            }
        }
        return false
    }

    /// Whether `host` is the domain `name` or below it.
    private static func isName(_ host: String, of name: Substring) -> Bool {
        let name = name.hasPrefix("*.") ? name.dropFirst() : name
        if name.hasPrefix(".") { return host.hasSuffix(name) }
        return host == name || host.hasSuffix(".\(name)")
    }

    /// Whether `address` is in the block that begins with `first` and has so many bits in common.
    private static func contains(_ address: IPAddress, _ first: Substring, _ bits: Substring) -> Bool {
        guard let first = IPAddress(first), first.family == address.family, let bits = UInt8(bits),
            bits <= (first.family == .v4 ? 32 : 128)
        else { return false }
        var left = Int(bits)
        for (one, other) in zip(first.octets, address.octets) where left > 0 {
            // What is beyond the block's bits in this octet does not count.
            guard (one ^ other) >> UInt8(max(0, 8 - left)) == 0 else { return false }
            left -= 8
        }
        return true
    }

    /// NAME:PORT or [IPV6]:PORT taken apart; an IPv6 address without brackets has no port.
    private static func nameAndPort(_ entry: String) -> (name: Substring, port: Substring) {
        guard let colon = entry.lastIndex(of: ":"), IPAddress(entry) == nil else {
            return (unbracketed(entry[...]), "")
        }
        let port = entry[entry.index(after: colon)...]
        // The brackets of an address without a port.
        guard !port.contains("]") else { return (unbracketed(entry[...]), "") }
        return (unbracketed(entry[..<colon]), port)
    }

    private static func unbracketed(_ text: Substring) -> Substring {
        text.hasPrefix("[") && text.hasSuffix("]") && text.count > 1 ? text.dropFirst().dropLast() : text
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace ?? false { text = text.dropFirst() }
        while text.last?.isWhitespace ?? false { text = text.dropLast() }
        return text
    }
}
