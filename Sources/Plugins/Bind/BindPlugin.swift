import Corefile
import LinuxIO
import PluginKit

/// `bind ADDRESS|INTERFACE... { except ADDRESS|INTERFACE... }`: the addresses that the block's server listens at, those of
/// all uses in the block together. `except` takes addresses off its own use only.
package final class BindPlugin: Plugin {
    package static let directive = "bind"
    package static let seesQueries = false

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var interfaces: [String: [SocketAddress]] = [:]
        do throws(SystemError) {
            interfaces = try NetworkInterfaces.addresses()
        } catch {
            setup.process.log.warning(
                "plugin/bind: failed to get interfaces list, cannot bind by interface name: \(error)")
        }
        setup.bindAddresses = try Self.addresses(directives, interfaces: interfaces)
    }

    /// The addresses that all uses in a block stand for, each once, in the order of the file.
    static func addresses(
        _ directives: [Directive], interfaces: [String: [SocketAddress]]
    ) throws(CorefileError) -> [SocketAddress] {
        var all: [SocketAddress] = []
        for directive in directives {
            guard !directive.arguments.isEmpty else {
                throw directive.error("plugin/bind: at least one address or interface name is expected")
            }
            let listed = try resolve(directive.arguments, interfaces)
            var exceptions: Set<SocketAddress> = []
            for property in try directive.properties() {
                try property.expectNoBlock()
                guard property.name.text == "except" else {
                    throw directive.unknownProperty(property, known: ["except"])
                }
                guard !property.arguments.isEmpty else {
                    throw property.error(
                        "plugin/bind: at least one address or interface must be given to except subdirective")
                }
                exceptions.formUnion(try resolve(property.arguments, interfaces))
            }
            for address in listed where !exceptions.contains(address) && !all.contains(address) {
                all.append(address)
            }
        }
        if all.isEmpty, let first = directives.first {
            // CoreDNS loads this, and then nobody listens for the block.
            throw first.error("plugin/bind: no address is left to listen at, expected at least one")
        }
        return all
    }

    private static func resolve(
        _ tokens: [Token], _ interfaces: [String: [SocketAddress]]
    ) throws(CorefileError) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for token in tokens {
            if let addresses = interfaces[token.text] {
                found += addresses.map { $0.withPort(0) }
            } else if let address = SocketAddress.parse(host: token.text, port: 0) {
                found.append(address)
            } else {
                throw token.error("plugin/bind: not a valid IP address or interface name: \"\(token.text)\"")
            }
        }
        return found
    }
}
