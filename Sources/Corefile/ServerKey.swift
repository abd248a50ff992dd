/// One key of a server block: where it listens and which zone it answers for.
package struct ServerKey: Sendable, Hashable, CustomStringConvertible {
    /// How it is asked.
    package let scheme: TransportScheme
    /// The zone: lower-case, with its final dot.
    package let zone: String
    /// The port; 0 lets the system choose one.
    package let port: UInt16
    /// Where the key stands.
    package let location: SourceLocation
    /// The key as it was written; the same for all zones of a CIDR block.
    package let text: String

    /// Makes a key of its parts.
    package init(scheme: TransportScheme, zone: String, port: UInt16, location: SourceLocation, text: String) {
        self.scheme = scheme
        self.zone = zone
        self.port = port
        self.location = location
        self.text = text
    }

    /// `dns://example.org.:53`, as CoreDNS writes it.
    package var description: String { "\(scheme)://\(zone):\(port)" }

    /// The keys that a token stands for: one, or one for each reverse zone of a CIDR block.
    static func keys(from token: Token, defaultPort: UInt16) throws(CorefileError) -> [ServerKey] {
        // CoreDNS would serve a zone with the brace in its name and read the block as one without braces.
        if let last = token.text.last, last == "{" || last == "}" {
            throw token.error("'\(last)' at the end of the key '\(token.text.inMessage)', expected a blank before it")
        }
        do {
            let (scheme, rest) = try TransportScheme.split(token.text)
            let (zones, port) = try splitPort(rest)
            return zones.map {
                ServerKey(
                    scheme: scheme, zone: $0, port: port ?? scheme.defaultPort(dnsPort: defaultPort),
                    location: token.location, text: token.text)
            }
        } catch {
            throw token.error(error.message)
        }
    }
}
