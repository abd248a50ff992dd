import Corefile
import LinuxIO
import PluginKit
import Plugins

/// A server block with its plugins set up, in CoreDNS's order whatever the file's is.
package struct ConfiguredBlock: Sendable {
    /// A plugin and its place in the order.
    package struct Placed: Sendable {
        package let place: UInt8
        package let name: String
        /// Where the Corefile names it.
        let location: SourceLocation
        package let plugin: any Plugin
    }

    package let block: ServerBlock
    package let plugins: [Placed]
    /// Largest UDP response in bytes.
    let udpSize: Int
    /// Whether that limits clients on the same machine too: where `bufsize` says it.
    let limitsLoopback: Bool
    /// Addresses that `bind` names; nil binds the wildcard.
    let bindAddresses: [SocketAddress]?
    let answersChaosClass: Bool
    /// UDP sockets of each address, by `multisocket`; nil leaves it to the server.
    let socketCount: Int?
    /// What `timeouts` says.
    let streamTimeouts: StreamTimeouts
    /// What `tls` says; nil without it.
    let tls: ServerTLS?
    /// Which queries the block takes; nil takes all.
    let view: (any View)?

    /// Responses over UDP are no larger than this unless `bufsize` says otherwise: what avoids fragments on any path (DNS
    /// flag day 2020).
    static let defaultUDPSize = 1232

    /// Sets up the plugins of `block`.
    ///
    /// - Throws: the first thing that is wrong, with its place.
    init(_ block: ServerBlock, process: ProcessContext, directory: String) throws(CorefileError) {
        let setup = BlockSetup(block: block, process: process, directory: directory)
        var plugins: [Placed] = []
        for (place, entry) in PluginTable.entries.enumerated() {
            let directives = block.directives(named: entry.name)
            guard let type = entry.type, let first = directives.first else { continue }
            let plugin = try type.init(directives, setup)
            setup.neighbours.add(plugin)
            plugins.append(
                Placed(
                    place: UInt8(truncatingIfNeeded: place), name: entry.name, location: first.name.location,
                    plugin: plugin))
        }
        self.block = block
        self.plugins = plugins
        udpSize = setup.udpSize ?? ConfiguredBlock.defaultUDPSize
        limitsLoopback = setup.udpSize != nil
        bindAddresses = setup.bindAddresses
        answersChaosClass = setup.answersChaosClass
        socketCount = setup.socketCount
        streamTimeouts = setup.streamTimeouts
        tls = setup.tls
        view = setup.view
    }

    /// Makes a chain for one worker.
    func makeChain(_ worker: WorkerContext) -> Chain {
        Chain(
            plugins.compactMap { placed in placed.plugin.makeStep(worker).map { (placed.place, $0) } },
            udpSize: udpSize,
            limitsLoopback: limitsLoopback)
    }

    /// The names of the plugins that see queries: those that `coredns_plugin_enabled` lists.
    var chainedPlugins: [String] {
        // CoreDNS lists what is registered as a handler; what only sets up the server is none.
        plugins.filter { type(of: $0.plugin).seesQueries }.map(\.name)
    }

    /// Whether the block has a plugin of this name.
    func has(_ directive: String) -> Bool { plugins.contains { $0.name == directive } }
}
