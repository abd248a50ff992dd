import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// `forward FROM TO... { ... }`: asks other servers. Every directive of a block is a stage; a query is taken by the first whose
/// names it is one of.
package final class ForwardPlugin: Plugin {
    package static let directive = "forward"

    /// What the directives say; with the addresses of hosts once started.
    var stages: [ForwardOptions] { known.withLock { $0 } }
    private let known: Mutex<[ForwardOptions]>
    /// Ends the start where the process stops.
    private let stopper = Stopper()
    private let matchers: ForwardMatchers
    private let process: ProcessContext
    private let engine = Mutex<EngineHolder?>(nil)

    /// The engine belongs to the loop's thread.
    ///
    /// `@unchecked Sendable`: only the loop's thread has to do with it; before that runs whoever made the loop, and once it
    /// has ended whoever ended it.
    private final class EngineHolder: @unchecked Sendable {
        let loop: EventLoop
        let engine: ForwardEngine

        init(loop: EventLoop, engine: ForwardEngine) {
            self.loop = loop
            self.engine = engine
        }
    }

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var stages: [ForwardOptions] = []
        for directive in directives { stages.append(try ForwardOptions(directive, setup)) }
        known = Mutex(stages)
        matchers = ForwardMatchers(stages)
        process = setup.process
        // CoreDNS: questions of other classes than IN are for upstreams too.
        setup.answersChaosClass = true
    }

    /// Addresses and ports of the upstreams as the Corefile and its files have them, in order.
    package var upstreamNames: [String] { stages.flatMap { $0.targets() }.map(\.address.description) }

    /// Finds the addresses of the hosts that are named (CoreDNS: on each start and reload).
    package func start() throws(StartError) {
        var stages = stages
        for place in stages.indices {
            let names = ResolveHostNames(
                resolvers: stages[place].resolvers, clock: process.clock, stopper: stopper)
            stages[place].destinations = try names.resolve(stages[place].destinations)
            let count = stages[place].targets().count
            if count > ForwardOptions.mostUpstreams {
                process.log.warning(
                    "plugin/forward: \(count) upstreams, of which the first \(ForwardOptions.mostUpstreams) are used")
            }
        }
        known.withLock { $0 = stages }
    }

    package func stop() { stopper.stop() }

    /// The upstreams that are asked about the exchange's name, those by the names of hosts as they are written where their
    /// addresses are not known; none where it is passed on.
    package func upstreamNames(for exchange: UnsafeMutablePointer<Exchange>) -> [String] {
        let stage = matchers.view.first(from: 0, exchange)
        guard stage >= 0 else { return [] }
        return stages[stage].destinations.flatMap { destination in
            if let host = destination.host, destination.addresses.isEmpty { return ["\(host.text):\(host.port)"] }
            return destination.addresses.map(\.description)
        }
    }

    package func leave(_ loop: EventLoop) {
        let holder = engine.withLock { holder in
            defer { holder = nil }
            return holder
        }
        holder?.engine.close()
    }

    /// The engine on a loop: one for all chains.
    private func engine(on loop: EventLoop) -> ForwardEngine {
        let holder = engine.withLock { holder -> EngineHolder in
            if let holder, holder.loop === loop { return holder }
            let made = EngineHolder(loop: loop, engine: ForwardEngine(stages, matchers, loop: loop, process: process))
            holder = made
            return made
        }
        return holder.engine
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let engine = worker.loop.map { Unmanaged.passRetained(self.engine(on: $0)) }
        let context = UnsafeMutablePointer<ForwardWorker>.allocate(capacity: 1)
        context.initialize(
            to: ForwardWorker(
                stages: matchers.view, engine: engine, plugin: Unmanaged.passRetained(self)))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                let worker = context.assumingMemoryBound(to: ForwardWorker.self)
                let exchange = Step.exchange(exchange)
                let stage = worker.pointee.stages.first(from: 0, exchange)
                if stage < 0 { return Verdict.next.rawValue }
                guard let engine = worker.pointee.engine, let waiting = WaitingExchange(exchange) else {
                    return Verdict.later.rawValue
                }
                return engine._withUnsafeGuaranteedRef {
                    $0.take(waiting, stage: stage)
                }.rawValue
            },
            mayWait: true,
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: ForwardWorker.self)
                worker.pointee.engine?.release()
                worker.pointee.plugin.release()
                worker.deinitialize(count: 1)
                worker.deallocate()
            })
    }
}

/// What one chain of one worker forwards by.
struct ForwardWorker {
    let stages: ForwardStages
    /// Only on the event loop's thread.
    let engine: Unmanaged<ForwardEngine>?
    /// Keeps the matchers behind the stages alive.
    let plugin: Unmanaged<ForwardPlugin>
}

extension ForwardPlugin: MetadataProvider {
    /// `forward/upstream`: where the answer came from.
    package func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        label == "forward/upstream" ? exchange.pointee.upstream?.description : nil
    }
}
