import DNSWire
import LinuxIO

/// A TO as it is written: `[SCHEME://]ADDRESS[:PORT]`, `[SCHEME://]NAME[:PORT]`, or a file; over TLS with `%SERVERNAME` before the
/// port.
struct ForwardTarget {
    /// How it is asked.
    enum Scheme: String {
        case dns
        case tls
        case https

        /// The port where none is written (RFC 1035, section 4.2; RFC 7858, section 3.1; RFC 8484).
        var port: UInt16 {
            switch self {
            case .dns: 53
            case .tls: 853
            case .https: 443
            }
        }
    }

    /// Who is asked.
    enum Host {
        case address(SocketAddress)
        case name(ForwardHostName)
        /// Neither of them, with the reason where there is one to say. It may be a file.
        case neither(String?)
    }

    let scheme: Scheme
    let host: Host
    /// What is written behind `%`.
    let serverName: String?
    /// What follows the scheme.
    let text: String

    /// Nil where the scheme is none that there is.
    init?(_ written: String) {
        var text = Substring(written)
        if let end = Self.endOfScheme(text) {
            guard let named = Scheme(rawValue: String(text[..<end])) else { return nil }
            scheme = named
            text = text[text.index(end, offsetBy: Self.separator.count)...]
        } else {
            scheme = .dns
        }
        self.text = String(text)
        // A `%` elsewhere is the interface of a link-local address.
        guard scheme != .dns, let (host, name) = Self.split(text) else {
            serverName = nil
            host = scheme != .dns && text.contains("%") ? .neither(nil) : Self.host(self.text, scheme.port)
            return
        }
        serverName = name
        self.host = Self.host(host, scheme.port)
    }

    /// Host and port, for people to read.
    var place: String {
        switch host {
        case .address(let address): "\(address)"
        case .name(let name): "\(name.text):\(name.port)"
        case .neither: text
        }
    }

    private static let separator = "://"

    /// What stands before `://`; nil where that is not there.
    static func scheme(_ written: String) -> String? { endOfScheme(written[...]).map { String(written[..<$0]) } }

    private static func endOfScheme(_ text: Substring) -> Substring.Index? {
        text.indices.first { text[$0...].hasPrefix(separator) }
    }

    /// Takes `%NAME` out of `HOST%NAME`, `HOST%NAME:PORT`, `[HOST%NAME]` or `[HOST%NAME]:PORT`. Nil where there is none, or the
    /// bracket is not closed.
    private static func split(_ text: Substring) -> (host: String, name: String)? {
        guard let percent = text.lastIndex(of: "%") else { return nil }
        var host = String(text[..<percent])
        var name = text[text.index(after: percent)...]
        var port: Substring = ""
        if let colon = name.lastIndex(of: ":") {
            port = name[colon...]
            name = name[..<colon]
        }
        if host.hasPrefix("[") {
            guard name.hasSuffix("]") else { return nil }
            name = name.dropLast()
            host += "]"
        }
        return (host + port, String(name))
    }

    private static func host(_ text: String, _ defaultPort: UInt16) -> Host {
        // `:53` and localhost are addresses for listeners only.
        let isAddress =
            (!text.hasPrefix(":") || text.hasPrefix("::")) && text != "localhost" && !text.hasPrefix("localhost:")
        if isAddress, let address = SocketAddress.parse(text, defaultPort: defaultPort) {
            return address.port == 0 ? .neither(noPort("0")) : .address(address)
        }
        var name = text[...]
        var port = defaultPort
        if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            let written = text[text.index(after: colon)...]
            guard isName(String(name)) else { return .neither(nil) }
            guard written.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = UInt16(written), number > 0 else {
                return .neither(noPort(written))
            }
            port = number
        }
        return ForwardHostName(String(name), port: port).map { .name($0) } ?? .neither(nil)
    }

    private static func isName(_ text: String) -> Bool {
        ForwardHostName(text, port: 0) != nil || SocketAddress.parse(host: text, port: 0) != nil
    }

    private static func noPort(_ text: some StringProtocol) -> String {
        "'\(text)' is no port, expected a number from 1 to 65535"
    }
}

/// The name of a host that is a TO.
struct ForwardHostName: Sendable {
    /// As it is written.
    let text: String
    /// The same in wire form.
    let wire: [UInt8]
    let port: UInt16
    /// Whom a certificate has to be for, where nothing else is said: the authentication domain name of RFC 8310, section 2.
    let peer: TLSPeerName

    /// Nil for what is no name of a host: letters, digits, hyphens, underscores, and dots between labels.
    init?(_ text: String, port: UInt16) {
        guard case .host(let plain)? = TLSPeerName(text) else { return nil }
        // A name that ends in a number is an address with a slip of the pen in it: there is no such top-level domain (RFC 3696,
        // section 2), and the system reads `10.1` and `0x7f.1` as addresses of its own kind.
        guard let last = plain.split(separator: ".").last, !last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            !last.lowercased().hasPrefix("0x")
        else { return nil }
        do throws(NameError) {
            wire = try DomainName(parsing: plain).wire
        } catch {
            return nil
        }
        self.text = text
        self.port = port
        peer = .host(plain)
    }
}
