import Corefile
import LinuxIO
import PluginKit

/// What a `forward` directive says about TLS: `tls [CERT KEY] [CA]`, `tls_servername NAME`, and upstreams with `tls://`.
struct ForwardTLS {
    /// The port of DNS over TLS (RFC 7858, section 3.1).
    static let port: UInt16 = 853

    /// The paths of `tls`, each with where it stands. Of several, the last one counts (as in CoreDNS).
    private struct Files {
        var certificate: (path: String, token: Token)?
        var key: (path: String, token: Token)?
        var authorities: (path: String, token: Token)?
    }

    private var files: Files?
    private var context: TLSContext?
    private var serverName: (name: TLSPeerName, text: String)?

    /// Reads a property. False where it is none of TLS.
    mutating func read(_ property: Property, _ setup: BlockSetup) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "tls": try readFiles(property, setup)
        case "tls_servername":
            let token = try property.onlyArgument()
            serverName = (try Self.name(token.text, token), token.text)
        default: return false
        }
        return true
    }

    private mutating func readFiles(_ property: Property, _ setup: BlockSetup) throws(CorefileError) {
        try property.expectArguments(0...3)
        let paths = property.arguments.map { (path: setup.resolve($0.text), token: $0) }
        var files = Files()
        switch paths.count {
        case 1: files.authorities = paths[0]
        case 2, 3:
            files.certificate = paths[0]
            files.key = paths[1]
            if paths.count == 3 { files.authorities = paths[2] }
        default: break
        }
        // CoreDNS reads the files whether an upstream needs them or not.
        context = try Self.open(files, at: property.name)
    }

    private static func open(_ files: Files, at place: Token) throws(CorefileError) -> TLSContext {
        var identity: (certificate: String, key: String)?
        if let certificate = files.certificate, let key = files.key { identity = (certificate.path, key.path) }
        do throws(TLSFileError) {
            return try TLSContext(client: identity, authorities: files.authorities?.path)
        } catch {
            let token: Token? =
                switch error.file {
                case .certificate: files.certificate?.token
                case .key: files.key?.token
                case .authorities: files.authorities?.token
                case .keyLog: nil
                }
            throw (token ?? place).error("plugin/forward: tls: \(error)")
        }
    }

    private static func name(_ text: String, _ token: Token) throws(CorefileError) -> TLSPeerName {
        guard let name = TLSPeerName(text) else {
            throw token.error(
                "plugin/forward: '\(text)' is not the name of a server, expected one such as dns.quad9.net, or an address"
            )
        }
        return name
    }

    /// What the upstreams are spoken to with; nil where nothing is.
    func context(isNeeded: Bool, _ directive: Directive) throws(CorefileError) -> TLSContext? {
        guard isNeeded else { return nil }
        if let context { return context }
        return try Self.open(Files(), at: directive.name)
    }

    /// Reads what follows `tls://` or `https://`: an address, with `%NAME` the name of the server there, and then a port.
    ///
    /// - Parameter port: the one that is meant where none is written.
    func destination(
        _ text: String, _ token: Token, port: UInt16 = Self.port
    ) throws(CorefileError) -> ForwardDestination {
        let defaultPort = port
        var host = text
        var name: String?
        if let percent = text.lastIndex(of: "%") {
            host = String(text[..<percent])
            var rest = text[text.index(after: percent)...]
            var port: Substring = ""
            if let colon = rest.lastIndex(of: ":") {
                port = rest[colon...]
                rest = rest[..<colon]
            }
            if host.hasPrefix("[") {
                guard rest.hasSuffix("]") else { throw Self.noAddress(token) }
                rest = rest.dropLast()
                host += "]"
            }
            host += port
            name = String(rest)
        }
        guard host != "localhost", !host.hasPrefix("localhost:"), !host.hasPrefix(":"),
            let address = SocketAddress.parse(host, defaultPort: defaultPort)
        else { throw Self.noAddress(token) }
        guard let name else {
            // As Go's client: without a name the certificate has to be for the address.
            return ForwardDestination(addresses: [address], peer: serverName?.name ?? TLSPeerName(address))
        }
        if let serverName {
            throw token.error(
                "plugin/forward: both forward ('\(serverName.text)') and proxy level ('\(name)') TLS servernames are set for "
                    + "upstream proxy '\(address)', expected one of them")
        }
        return ForwardDestination(addresses: [address], peer: try Self.name(name, token))
    }

    private static func noAddress(_ token: Token) -> CorefileError {
        let (scheme, port) = token.text.hasPrefix("https") ? ("https", UpstreamHTTPS.port) : ("tls", Self.port)
        return token.error(
            "plugin/forward: '\(token.text)' is not an IP address, expected one such as \(scheme)://9.9.9.9 or "
                + "\(scheme)://9.9.9.9%dns.quad9.net:\(port) (host names are not in apodns yet, and name servers of a file are asked "
                + "without TLS)")
    }
}
