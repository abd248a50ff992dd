import Corefile
import LinuxIO

/// A server block while its plugins are set up: what they may ask, and what they may set for the whole block.
package final class BlockSetup {
    package let block: ServerBlock
    package let process: ProcessContext
    /// The folder that relative paths start from unless `root` says otherwise: the Corefile's own.
    package let directory: String

    /// The plugins of the block, for those that ask others.
    package let neighbours = BlockNeighbours()

    /// Set by `root`.
    package var root: String?
    /// Set by `bind`: addresses without ports; nil binds the wildcard.
    package var bindAddresses: [SocketAddress]?
    /// Set by `bufsize`: largest UDP response in bytes.
    package var udpSize: Int?
    /// Set by `multisocket`: UDP sockets of each address, each with a worker; nil leaves it to the server.
    package var socketCount: Int?
    /// Set by `timeouts`: what holds for the block's TCP connections.
    package var streamTimeouts = StreamTimeouts()
    /// Set by `tls`: what holds for the block's encrypted listeners; nil serves without encryption.
    package var tls: ServerTLS?
    /// Set by `view`: which queries the block takes; nil takes all.
    package var view: (any View)?
    /// Set by `k8s_external`: the block's `kubernetes` keeps the services with external addresses.
    package var wantsExternalServices = false
    /// Set by plugins that answer for class CHAOS.
    package var answersChaosClass = false

    package init(block: ServerBlock, process: ProcessContext, directory: String) {
        self.block = block
        self.process = process
        self.directory = directory
    }

    /// The block's zones, fully qualified, in lower case, each once.
    package var zones: [String] { block.zones }

    /// `path` as seen from the block's root, or else from the Corefile's folder.
    package func resolve(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        let base = root ?? directory
        return base.isEmpty || base == "." ? path : base.hasSuffix("/") ? base + path : base + "/" + path
    }

    /// Logs a warning about something in the Corefile.
    package func warn(_ location: SourceLocation, _ message: String) {
        process.log.warning("\(location): \(message)")
    }
}
