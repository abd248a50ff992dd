import Corefile
import LinuxIO
import PluginKit

/// `tls CERT KEY [CA] { client_auth MODE; keylog FILE }`: the certificate of a block's encrypted listeners. The files are read
/// once, here.
package final class TLSPlugin: Plugin {
    package static let directive = "tls"
    package static let seesQueries = false

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        let properties = try directive.properties()
        if directive.arguments.isEmpty, let first = properties.first(where: { $0.name.text == "acme" }) {
            throw first.error(
                "plugin/tls: certificates by ACME are known in CoreDNS, not in apodns yet; expected tls CERT KEY")
        }
        try directive.expectArguments(2...3)
        var clients = TLSClientAuthentication.noCertificate
        var keyLog: Token?
        for property in properties {
            try property.expectNoBlock()
            switch property.name.text {
            case "client_auth": clients = try Self.clients(property)
            case "keylog": keyLog = try property.onlyArgument()
            default: throw directive.unknownProperty(property, known: ["client_auth", "keylog"])
            }
        }
        let paths = directive.arguments.map { setup.resolve($0.text) }
        let keyLogPath = keyLog.map { setup.resolve($0.text) }
        do throws(TLSFileError) {
            var log: TLSKeyLog?
            if let keyLog, let keyLogPath {
                log = try TLSKeyLog(keyLogPath)
                setup.warn(
                    keyLog.location,
                    "plugin/tls: the secrets of all sessions are written to \(keyLogPath): for debugging only")
            }
            setup.tls = ServerTLS(
                context: try TLSContext(
                    serverCertificate: paths[0], key: paths[1], authorities: paths.count > 2 ? paths[2] : nil,
                    clients: clients, keyLog: log),
                settings: paths + ["client_auth \(clients.rawValue)", "keylog \(keyLogPath ?? "none")"],
                location: directive.name.location)
        } catch {
            let token: Token? =
                switch error.file {
                case .certificate: directive.arguments.first
                case .key: directive.arguments.dropFirst().first
                case .authorities: directive.arguments.dropFirst(2).first
                case .keyLog: keyLog
                }
            throw (token ?? directive.name).error("plugin/tls: \(error)")
        }
        if !setup.block.keys.contains(where: { $0.scheme != .dns }) {
            // CoreDNS says nothing, and serves the block as it is.
            setup.warn(
                directive.name.location,
                "plugin/tls: has no effect: no key of the block begins with tls://, its queries are not encrypted")
        }
    }

    private static func clients(_ property: Property) throws(CorefileError) -> TLSClientAuthentication {
        let token = try property.onlyArgument()
        guard let clients = TLSClientAuthentication(rawValue: token.text) else {
            throw token.error(
                "plugin/tls: unknown authentication type '\(token.text)', expected one of "
                    + TLSClientAuthentication.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return clients
    }
}
