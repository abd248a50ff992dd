import LinuxIO
import PluginKit
import Plugins
import Synchronization

/// A configuration at work: its plugins, and the routers that answer by it. A reload puts another in its place; this one goes
/// once nobody uses it any more.
///
/// `@unchecked Sendable`: `routes` belong to the event loop's thread (and, once that has ended, to the thread that stops the
/// server), the rest to the thread that starts, reloads and stops the server.
final class Generation: @unchecked Sendable {
    /// How queries to one address are answered on the event loop.
    struct Routes {
        /// For those over TCP.
        let stream: Router
        /// Takes those over UDP that cannot be answered at once; nil where UDP is not spoken.
        let handOver: HandOver?
        let ownQueries: OwnQueryQueue
    }

    let configuration: Configuration
    let queries: WaitingQueries
    private let metrics: QueryMetrics
    private var routes: [ListenerPlan.Place: Routes] = [:]
    /// Those that UDP workers have: kept here, as workers do not.
    private var workerRouters: [Router] = []
    private let leftLoop = Atomic(false)

    private var process: ProcessContext { configuration.process }

    init(_ configuration: Configuration, loop: EventLoop) {
        self.configuration = configuration
        queries = WaitingQueries(loop: loop)
        metrics = QueryMetrics.of(configuration.process)
    }

    // MARK: Plugins

    func startPlugins() throws(StartError) {
        for block in configuration.blocks {
            for placed in block.plugins {
                do throws(StartError) {
                    try placed.plugin.start()
                } catch {
                    throw placed.located(error)
                }
            }
        }
    }

    /// Tells the plugins that queries are answered.
    func tellStarted() {
        for block in configuration.blocks {
            for placed in block.plugins { placed.plugin.started() }
        }
    }

    /// Stops the plugins; may be called more than once.
    func stopPlugins() {
        for block in configuration.blocks.reversed() {
            for placed in block.plugins.reversed() { placed.plugin.stop() }
        }
    }

    /// Why the configuration must not take the place of one that can answer; nil where nothing speaks against it.
    var reloadObstacle: String? {
        for block in configuration.blocks {
            for placed in block.plugins {
                if let obstacle = placed.plugin.reloadObstacle { return "\(placed.location): \(obstacle)" }
            }
        }
        return nil
    }

    // MARK: Routers

    /// Makes the routers of the event loop for one listener. On its thread.
    ///
    /// - Parameter socket: answers to queries over UDP leave by it; nil where UDP is not spoken.
    func makeRoutes(_ plan: ListenerPlan, _ socket: DatagramSocket?) -> Routes {
        let own = OwnQueryQueue(loop: queries.loop)
        let stream = Router(
            plan, transport: .tcp, random: Self.random(), dropped: dropped(plan, .tcp), clock: process.clock,
            queries: queries, ownQueries: own)
        if socket == nil { own.serve(with: stream) }
        let made = Routes(stream: stream, handOver: socket.map { handOver(plan, $0, own) }, ownQueries: own)
        routes[plan.listeningPlace] = made
        return made
    }

    /// Makes the router of one UDP worker, and keeps it.
    func makeWorkerRouter(_ plan: ListenerPlan, _ routes: Routes) -> Router {
        let router = Router(
            plan, transport: .udp, random: Self.random(), dropped: dropped(plan, .udp), clock: process.clock,
            ownQueries: routes.ownQueries, handOver: routes.handOver)
        workerRouters.append(router)
        return router
    }

    private func dropped(_ plan: ListenerPlan, _ transport: Transport) -> DroppedQueries {
        DroppedQueries(metrics, server: plan.server, transport: transport)
    }

    /// How queries over UDP to one address get to the event loop, and their answers back to the clients. The questions that
    /// the plugins of that address ask of their own accord are led down the same chains.
    private func handOver(_ plan: ListenerPlan, _ socket: DatagramSocket, _ ownQueries: OwnQueryQueue) -> HandOver {
        let router = Router(
            plan, transport: .udp, random: Self.random(), dropped: dropped(plan, .udp), clock: process.clock,
            queries: queries, ownQueries: ownQueries)
        ownQueries.serve(with: router)
        let loop = queries.loop
        let answers = OutgoingDatagrams()
        // A client that cannot be reached is no business of ours; the kernel's buffers are large.
        let send = { answers.send(socket) }
        let deliver: WaitingQuery.Deliver = { response, exchange in
            guard !response.isEmpty else { return }
            if answers.isEmpty { loop.atEndOfTurn(send) }
            answers.add(
                response, to: exchange.pointee.client, from: socket.isWildcard ? exchange.pointee.local : nil)
        }
        let (drops, server) = (OverloadDrops.of(process), plan.server)
        drops.show(server)
        return HandOver(
            loop: loop,
            taker: HandOver.Taker { request, query in
                // The worker's router has found the block: its blocks are the same.
                router.startWaiting(
                    request, udpSize: query.udpSize, chain: query.chain, heldBy: query.heldBy, client: query.client,
                    local: query.local, startedAt: loop.now, deliver: deliver)
            }, drop: { drops.count($0, server: server) })
    }

    /// Random numbers for one worker; a seed that cannot be had from the system comes from the standard library's.
    private static func random() -> FastRandom {
        var generator = SystemRandomNumberGenerator()
        return (try? FastRandom()) ?? FastRandom(seed: generator.next())
    }

    /// Says in the metrics which plugins there are.
    func showPlugins() {
        metrics.clearEnabled()
        for plan in configuration.listeners {
            for zone in plan.zones {
                metrics.setEnabled(
                    server: plan.server, zone: zone.name, view: zone.block.view?.name ?? "",
                    plugins: zone.block.chainedPlugins)
            }
        }
    }

    // MARK: The end

    /// Whether the event loop has done with the generation: its plugins may be stopped.
    var hasLeftLoop: Bool { leftLoop.load(ordering: .acquiring) }

    /// Lets go of the routers of the UDP workers, which must use others by now.
    func dropWorkerRouters() { workerRouters = [] }

    /// Leaves the event loop once no query waits there any more; then calls `done` on its thread. On that thread, when no UDP
    /// worker uses the generation any more. Every wait is bounded by the plugin that waits.
    func leaveWhenDrained(_ done: @escaping @Sendable () -> Void) {
        queries.drain {
            // What has just been given up is still at work further up the stack.
            self.queries.loop.execute {
                guard self.queries.count == 0 else { return self.leaveWhenDrained(done) }
                self.leave()
                done()
            }
        }
    }

    /// Leaves the event loop. On its thread, or once that has ended.
    func leave() {
        guard !hasLeftLoop else { return }
        for block in configuration.blocks.reversed() {
            for placed in block.plugins.reversed() { placed.plugin.leave(queries.loop) }
        }
        routes = [:]
        queries.forgetMemory()
        leftLoop.store(true, ordering: .releasing)
    }
}
