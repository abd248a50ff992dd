import Corefile
import LinuxIO
import PluginKit

/// What a `forward` directive says about TLS: `tls [CERT KEY] [CA]`, `tls_servername NAME`, and upstreams with `tls://`.
struct ForwardTLS {
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

    /// Whom the certificate of an upstream over TLS has to be for.
    func peer(_ target: ForwardTarget, _ token: Token) throws(CorefileError) -> TLSPeerName {
        guard let name = target.serverName else {
            if let serverName { return serverName.name }
            switch target.host {
            // As Go's client: without a name the certificate has to be for the address.
            case .address(let address): return TLSPeerName(address)
            // RFC 8310, section 5: for the name that was asked for. CoreDNS has it be for the address that the name has.
            case .name(let host): return host.peer
            case .neither: throw token.error("plugin/forward: '\(token.text)' names no server")
            }
        }
        if let serverName {
            throw token.error(
                "plugin/forward: both forward ('\(serverName.text)') and proxy level ('\(name)') TLS servernames are set for "
                    + "upstream proxy '\(target.place)', expected one of them")
        }
        return try Self.name(name, token)
    }
}
