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

        /// What the plugin could not start for, with its place where the error has none.
        func located(_ error: StartError) -> StartError {
            error.isLocated ? error : StartError("\(error)", at: location)
        }
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
    /// Whether all of its directives are set up. Where one is left out, what would follow from that is no problem of its own.
    let isWhole: Bool

    /// Responses over UDP are no larger than this unless `bufsize` says otherwise: what avoids fragments on any path (DNS
    /// flag day 2020).
    static let defaultUDPSize = 1232

    /// Sets up the plugins of `block`.
    ///
    /// - Parameter report: is told of each directive that something is wrong with, which is left out if it does not throw.
    /// - Throws: what `report` does.
    init(
        _ block: ServerBlock, process: ProcessContext, directory: String, report: Configuration.Report
    ) throws(CorefileError) {
        let setup = BlockSetup(block: block, process: process, directory: directory)
        var plugins: [Placed] = []
        var isWhole = true
        for (place, entry) in PluginTable.entries.enumerated() {
            let directives = block.directives(named: entry.name)
            guard let type = entry.type, let first = directives.first else { continue }
            let plugin: any Plugin
            do throws(CorefileError) {
                plugin = try type.init(directives, setup)
            } catch {
                try report(error)
                isWhole = false
                continue
            }
            setup.neighbours.add(plugin)
            plugins.append(
                Placed(
                    place: UInt8(truncatingIfNeeded: place), name: entry.name, location: first.name.location,
                    plugin: plugin))
        }
        self.block = block
        self.isWhole = isWhole
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

    /// Where a key of the block is served.
    func addresses(of key: ServerKey) -> [SocketAddress] {
        bindAddresses?.map { $0.withPort(key.port) } ?? [SocketAddress.wildcard(port: key.port)]
    }

    /// Where the block is served, as metrics and logs name servers (`ListenerPlan.server`), each once.
    package var servers: [String] {
        var seen: Set<String> = []
        return block.keys.flatMap { key in
            addresses(of: key).map { ListenerPlan.server(key.scheme, $0) }
        }.filter { seen.insert($0).inserted }
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
