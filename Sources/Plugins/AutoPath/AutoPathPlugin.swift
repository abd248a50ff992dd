import ClusterZone
import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `autopath [ZONE...] RESOLV-CONF|@kubernetes`: where a name of the client's first search domain is not there, looks for it in
/// the others, and answers with what it finds there.
package final class AutoPathPlugin: Plugin {
    package static let directive = "autopath"

    /// Where the search list comes from.
    enum Source {
        /// The list, the first domain first.
        case domains([DomainName])
        /// The namespace of the pod that asks; and what comes after the cluster's domains.
        case kubernetes(after: [DomainName])
    }

    /// CoreDNS: behind the cluster's own domains stand those of the server's pod.
    private static let ownResolverFile = "/etc/resolv.conf"

    let zones: ZoneArguments
    let source: Source
    let neighbours: BlockNeighbours
    let clock: Clock
    private let successes: CounterFamily
    private let place: SourceLocation
    private let log: Log

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectNoBlock()
        guard let last = directive.arguments.last else {
            throw directive.error("plugin/autopath: no resolv-conf specified, expected a file or @kubernetes")
        }
        zones = try ZoneArguments(directive.arguments.dropLast(), otherwise: setup.zones, at: directive.name)
        if last.text.hasPrefix("@") {
            guard last.text == "@" + KubernetesPlugin.directive else {
                throw last.error(
                    "plugin/autopath: '\(last.text)' has no search lists, expected a file or @kubernetes")
            }
            source = .kubernetes(after: (try? SearchPath.read(Self.ownResolverFile)) ?? [])
        } else {
            do throws(SystemError) {
                source = .domains(try SearchPath.read(setup.resolve(last.text)))
            } catch {
                throw last.error("plugin/autopath: failed to parse '\(last.text)': \(error)")
            }
            if case .domains(let domains) = source, domains.isEmpty {
                setup.warn(
                    last.location, "plugin/autopath: '\(last.text)' has no search line: autopath has no effect")
            }
        }
        place = directive.name.location
        neighbours = setup.neighbours
        clock = setup.process.clock
        log = setup.process.log
        successes = AutoPathMetrics.of(setup.process).successes
    }

    package func start() throws(StartError) { try checkStart() }

    package func checkStart() throws(StartError) {
        guard case .kubernetes = source else { return }
        // CoreDNS says nothing, and does nothing.
        guard let kubernetes = neighbours.first(KubernetesPlugin.self) else {
            log.warning("\(place): plugin/autopath: there is no kubernetes in the block: autopath has no effect")
            return
        }
        if kubernetes.options.answers.podMode != .verified {
            log.warning(
                "\(place): plugin/autopath: kubernetes has no 'pods verified', so the namespaces of clients are not "
                    + "known: autopath has no effect")
        }
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let chain = AutoPathChain(
            plugin: self, ask: worker.ask, counters: WorkerCounters([(successes, [worker.server])]))
        // The context keeps the chain until it is released.
        let retained = Unmanaged.passRetained(chain)
        let context = UnsafeMutablePointer<AutoPathWorker>.allocate(capacity: 1)
        context.initialize(to: retained.takeUnretainedValue().worker)
        // SAFETY of all three: the context is the worker initialised above.
        return Step(
            context: UnsafeMutableRawPointer(context),
            up: { context, exchange in
                AutoPathChain.look(
                    context.assumingMemoryBound(to: AutoPathWorker.self), Step.exchange(exchange))
            },
            beginBatch: { context, _ in
                AutoPathWorker.beginBatch(context.assumingMemoryBound(to: AutoPathWorker.self))
            },
            mayWait: true,
            release: { context in
                let context = context.assumingMemoryBound(to: AutoPathWorker.self)
                let chain = context.pointee.chain
                chain.takeUnretainedValue().counters.giveBack()
                context.deinitialize(count: 1)
                context.deallocate()
                chain.release()
            })
    }
}

/// CoreDNS's counter of `autopath`.
private final class AutoPathMetrics: Sendable {
    let successes: CounterFamily

    static func of(_ process: ProcessContext) -> AutoPathMetrics { process.shared { AutoPathMetrics(process.metrics) } }

    private init(_ metrics: MetricsRegistry) {
        successes = CounterFamily(
            metrics, "coredns_autopath_success_total", help: "Counter of requests that did autopath.",
            labels: ["server"])
    }
}
