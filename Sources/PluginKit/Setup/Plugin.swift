import Corefile
import LinuxIO

/// A directive of the Corefile: set up once for each server block that names it, then asked for a step by each worker.
package protocol Plugin: AnyObject, Sendable {
    /// The directive's name.
    static var directive: String { get }

    /// Whether the plugin sees queries. What only sets up the server does not, and is not in `coredns_plugin_enabled`.
    static var seesQueries: Bool { get }

    /// Reads the directive (`directives` has every use of it within the block, at least one) and checks everything that can
    /// be checked without opening sockets.
    init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError)

    /// Finds out what `start` would fail with, or warn of, without starting anything or asking another machine.
    func checkStart() throws(StartError)

    /// Called once all blocks are set up, before queries are answered: opens files, starts to follow them.
    func start() throws(StartError)

    /// Called once everything has started and queries are answered.
    func started()

    /// The plugin's part in a worker's chain; nil where it has none.
    func makeStep(_ worker: WorkerContext) -> Step?

    /// Whether the plugin is ready to answer: nil where it has nothing to wait for.
    var isReady: Bool? { get }

    /// Why a configuration with this plugin must not take the place of one that can answer yet: asked on a reload, once the
    /// plugin has started. Nil where nothing speaks against it.
    var reloadObstacle: String? { get }

    /// Gives up what belongs to the event loop: called on its thread (or once that has ended) when no query of the
    /// configuration is left there, before `stop`.
    func leave(_ loop: EventLoop)

    /// Called when the server stops, or another configuration has taken the place of the plugin's and nobody uses its
    /// steps any more. Also called, once or more, for a plugin that did not start.
    func stop()
}

extension Plugin {
    package static var seesQueries: Bool { true }
    package func checkStart() throws(StartError) {}
    package func start() throws(StartError) {}
    package func started() {}
    package func makeStep(_ worker: WorkerContext) -> Step? { nil }
    package var isReady: Bool? { nil }
    package var reloadObstacle: String? { nil }
    package func leave(_ loop: EventLoop) {}
    package func stop() {}

    /// The directive that counts for a plugin which CoreDNS lets stand more than once: the last. A snippet may bring one and
    /// the block another, so it is no error, but the others are said to be without effect.
    package static func last(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) -> Directive {
        for other in directives.dropLast() {
            setup.warn(
                other.name.location, "plugin/\(directive): stands more than once in the block, the last one counts")
        }
        return try only(directives.suffix(1).map { $0 })
    }

    /// The directive that counts for a plugin of which CoreDNS reads only the first, as `last`.
    package static func first(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) -> Directive {
        for other in directives.dropFirst() {
            setup.warn(
                other.name.location, "plugin/\(directive): stands more than once in the block, the first one counts")
        }
        return try only(directives.prefix(1).map { $0 })
    }

    /// The directive that a plugin which may stand only once in a block was given.
    package static func only(_ directives: [Directive]) throws(CorefileError) -> Directive {
        if directives.count > 1 {
            throw directives[1].error("plugin/\(directive): this plugin can only be used once per Server Block")
        }
        guard let first = directives.first else {
            throw CorefileError(
                location: SourceLocation(file: "Corefile", line: 0, column: 0),
                message: "plugin/\(directive): set up without its directive")
        }
        return first
    }
}

/// Why a plugin or the server could not start.
package struct StartError: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// Whether the description says where in the Corefile.
    package let isLocated: Bool

    package init(_ description: String) {
        self.description = description
        isLocated = false
    }

    /// What could not be started because of what stands at a place of the Corefile.
    package init(_ description: String, at location: SourceLocation) {
        self.description = "\(location): \(description)"
        isLocated = true
    }
}

/// Which chain a step is made for.
package struct WorkerContext: Sendable {
    /// The server as metrics and logs name it: `dns://:53`, `dns://127.0.0.1:53`.
    package let server: String
    /// The block's zone, fully qualified, in lower case.
    package let zone: String
    package let transport: Transport
    /// The name of the block's view; "" without one.
    package let view: String
    /// The event loop whose thread the chain belongs to; nil on a thread that does not wait. What is registered there by a
    /// step lives as long as the step.
    package let loop: EventLoop?
    /// Asks a question of the server's own, of the plugins of this block; nil where nothing can.
    package let ask: (@Sendable (OwnQuery) -> Void)?

    package init(
        server: String, zone: String, transport: Transport, view: String = "", loop: EventLoop? = nil,
        ask: (@Sendable (OwnQuery) -> Void)? = nil
    ) {
        self.ask = ask
        self.server = server
        self.zone = zone
        self.transport = transport
        self.view = view
        self.loop = loop
    }
}
