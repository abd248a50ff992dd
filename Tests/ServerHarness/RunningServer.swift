import Corefile
import LinuxIO
import PluginKit
import Plugins
import Server
import Synchronization

/// Log lines, as a test wants to see them.
package final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    package init() {}

    package var all: [String] { kept.withLock { $0 } }

    /// A log that keeps its lines here.
    package var log: Log { Log { line in self.kept.withLock { $0.append(line) } } }
}

/// A server within the test's process, on ports that the system chose; stopped when it goes.
package final class RunningServer {
    package let server: Server
    /// What is served.
    package var configuration: Configuration { server.configuration }
    package let lines: LogLines

    /// How often a start is tried whose TCP port the system chose and whose UDP port then was another's.
    private static let attempts = 5

    /// Starts what a Corefile says.
    ///
    /// - Parameters:
    ///   - text: the Corefile; keys without a port get one from the system.
    ///   - directory: where relative paths start from.
    ///   - workerCount: UDP workers for each address.
    ///   - clock: the server's clock, such as that of a `FastClock`.
    ///   - end: called where the server would end the process.
    ///   - prepare: is called with the process before the configuration is read.
    /// - Throws: `CorefileError` and `StartError`, as the program would say them.
    package init(
        _ text: String, directory: String = "", workerCount: Int = 1, clock: Clock = .system,
        end: @escaping @Sendable (Int32) -> Void = { _ in }, prepare: (ProcessContext) -> Void = { _ in }
    ) throws {
        var attempt = 0
        while true {
            attempt += 1
            let lines = LogLines()
            let configuration = try Self.configure(
                text, directory: directory, log: lines.log, clock: clock, end: end, prepare: prepare)
            let server = Server(configuration, workerCount: workerCount)
            do {
                try server.start()
            } catch {
                guard attempt < Self.attempts, "\(error)".contains("EADDRINUSE"), !text.contains(":") else {
                    throw error
                }
                continue
            }
            self.server = server
            self.lines = lines
            return
        }
    }

    deinit { server.stop() }

    /// Puts what another Corefile says in the place of what is served.
    ///
    /// - Throws: `CorefileError` and `StartError`; what is served goes on then.
    package func reload(_ text: String, directory: String = "") throws {
        let corefile = try Self.parse(text)
        let process = ProcessContext(succeeding: server.configuration.process)
        try server.reload(try Configuration(corefile, directory: directory, process: process))
    }

    private static func parse(_ text: String) throws(CorefileError) -> Corefile {
        try Corefile.parse(
            text: text, file: "Corefile", defaultPort: 0, knownDirectives: PluginTable.implementedNames,
            knownElsewhere: PluginTable.missingNames)
    }

    /// The configuration of a Corefile's text, whose name is "Corefile".
    package static func configure(
        _ text: String, directory: String = "", log: Log = LogLines().log, clock: Clock = .system,
        end: @escaping @Sendable (Int32) -> Void = { _ in }, prepare: (ProcessContext) -> Void = { _ in }
    ) throws(CorefileError) -> Configuration {
        let process = ProcessContext(log: log, clock: clock, end: end)
        prepare(process)
        return try Configuration(parse(text), directory: directory, process: process)
    }

    /// The first listener's port.
    package var port: UInt16 { server.addresses.first?.port ?? 0 }

    /// 127.0.0.1 at the first listener's port.
    package var loopback: SocketAddress { .loopback(port: port) }

    package func datagramClient() throws -> DatagramClient { try DatagramClient(loopback) }
    package func streamClient() throws -> StreamClient { try StreamClient(loopback) }
}
