import LinuxIO
import PluginKit
import Plugins
import Synchronization

/// A configuration at work: plugins started, sockets open, threads running.
package final class Server: Sendable {
    private let configuration: Configuration
    private let state = Mutex(State())
    /// Workers of each listener's UDP address.
    private let workerCount: Int

    private struct State {
        var datagrams: [DatagramWorker] = []
        var streams: StreamService?
        var waiting: WaitingQueries?
        var admin: AdminService?
        var addresses: [SocketAddress] = []
    }

    /// - Parameters:
    ///   - configuration: what to serve.
    ///   - workerCount: UDP workers for each address; as many as there are processors by default, within the quota of the
    ///     process's control group.
    package init(_ configuration: Configuration, workerCount: Int = ProcessorCount.available()) {
        self.configuration = configuration
        self.workerCount = max(1, workerCount)
    }

    /// The addresses that are listened at, in the order of the listeners; known once started. Where the configuration says
    /// port 0, the port that the system chose.
    package var addresses: [SocketAddress] { state.withLock { $0.addresses } }

    /// Queries that wait for something: an upstream's answer, say.
    package var waitingQueries: Int { state.withLock { $0.waiting }?.count ?? 0 }

    /// Starts the plugins, opens the sockets and starts the threads.
    ///
    /// - Throws: what could not be started; whatever had been is stopped again.
    package func start() throws(StartError) {
        do throws(StartError) {
            for block in configuration.blocks {
                for placed in block.plugins {
                    do throws(StartError) {
                        try placed.plugin.start()
                    } catch {
                        throw StartError("\(placed.location): \(error)")
                    }
                }
            }
            try listen()
            for block in configuration.blocks {
                for placed in block.plugins { placed.plugin.started() }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// How often another port is tried where the configuration leaves it to the system: the port of the TCP listener may be
    /// some other program's over UDP.
    private static let mostPorts = 8

    /// Opens the sockets of one address: TCP first, then as many UDP sockets at the same port as there are workers; only
    /// the first where UDP is not spoken.
    private func open(_ plan: ListenerPlan) throws(StartError) -> (StreamListener, [DatagramSocket]) {
        var tries = 0
        while true {
            tries += 1
            do throws(SystemError) {
                let listener = try StreamListener.listen(plan.address)
                let address = plan.address.withPort(listener.boundAddress.port)
                var sockets: [DatagramSocket] = []
                let socketCount = plan.takesDatagrams ? plan.socketCount ?? workerCount : 0
                for _ in 0..<socketCount { sockets.append(try DatagramSocket.bind(address)) }
                if sockets.count > 1 { sockets[0].spreadByProcessor(count: sockets.count) }
                state.withLock { $0.addresses.append(address) }
                return (listener, sockets)
            } catch {
                if plan.address.port == 0, tries < Self.mostPorts { continue }
                throw StartError("\(plan.location): \(error)")
            }
        }
    }

    /// Opens every socket first, so that nothing runs where one of them cannot be had; then starts the threads.
    private func listen() throws(StartError) {
        do {
            let process = configuration.process
            let metrics = QueryMetrics.of(process)
            var streams: [(StreamListener, ListenerPlan)] = []
            // Each with its number among those of its address, and the place of the address.
            var workers: [(DatagramWorker, ListenerPlan, Int, Int)] = []
            var waiting: [(DatagramSocket, ListenerPlan)] = []
            for plan in configuration.listeners {
                for zone in plan.zones {
                    metrics.setEnabled(
                        server: plan.server, zone: zone.name, view: zone.block.view?.name ?? "",
                        plugins: zone.block.chainedPlugins)
                }
                let (listener, sockets) = try open(plan)
                streams.append((listener, plan))
                if let socket = sockets.first { waiting.append((socket, plan)) }
                for (number, socket) in sockets.enumerated() {
                    let worker = try DatagramWorker(socket: socket, clock: process.clock, log: process.log)
                    workers.append((worker, plan, number, waiting.count - 1))
                }
            }
            let loop = try EventLoop(clock: process.clock)
            let queries = WaitingQueries(loop: loop)
            let ownQueries = Dictionary(
                uniqueKeysWithValues: configuration.listeners.map { ($0.listeningPlace, OwnQueryQueue(loop: loop)) })
            let service = try StreamService(streams, clock: process.clock, queries: queries) { plan in
                let ownQueries = ownQueries[plan.listeningPlace]
                let router = Router(
                    plan, transport: .tcp, random: Server.random(),
                    dropped: DroppedQueries(metrics, server: plan.server, transport: .tcp), clock: process.clock,
                    queries: queries, ownQueries: ownQueries)
                // Otherwise the router of the address's UDP queries does it.
                if !plan.takesDatagrams { ownQueries?.serve(with: router) }
                return router
            }
            let admin = try AdminService(process.admin, clock: process.clock)
            state.withLock { state in
                state.datagrams = workers.map { $0.0 }
                state.streams = service
                state.waiting = queries
                state.admin = admin
            }
            let handOvers = waiting.map { socket, plan in
                Self.handOver(plan, socket, queries, ownQueries[plan.listeningPlace], metrics, process)
            }
            for (worker, plan, number, address) in workers where handOvers.indices.contains(address) {
                let handOver = handOvers[address]
                let ownQueries = ownQueries[plan.listeningPlace]
                try worker.start(name: "udp-\(number)") {
                    Router(
                        plan, transport: .udp, random: Server.random(),
                        dropped: DroppedQueries(metrics, server: plan.server, transport: .udp), clock: process.clock,
                        ownQueries: ownQueries, handOver: handOver)
                }
            }
            try service.start()
            try admin.start()
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError("\(error)")
        }
    }

    /// How queries over UDP to one address get to the event loop, and their answers back to the clients. The questions that
    /// the plugins of that address ask of their own accord are led down the same chains.
    private static func handOver(
        _ plan: ListenerPlan, _ socket: DatagramSocket, _ queries: WaitingQueries, _ ownQueries: OwnQueryQueue?,
        _ metrics: QueryMetrics,
        _ process: ProcessContext
    ) -> HandOver {
        let router = Router(
            plan, transport: .udp, random: random(),
            dropped: DroppedQueries(metrics, server: plan.server, transport: .udp), clock: process.clock,
            queries: queries, ownQueries: ownQueries)
        ownQueries?.serve(with: router)
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
        let clock = process.clock
        return HandOver(
            loop: loop,
            taker: HandOver.Taker { request, client, local in
                router.startWaiting(
                    request, client: client, local: local, startedAt: clock.monotonic(), deliver: deliver)
            })
    }

    /// Random numbers for one worker; a seed that cannot be had from the system comes from the standard library's.
    private static func random() -> FastRandom {
        var generator = SystemRandomNumberGenerator()
        return (try? FastRandom()) ?? FastRandom(seed: generator.next())
    }

    /// Stops answering, closes the sockets, and stops the plugins. May be called more than once.
    package func stop() {
        let running = state.withLock { state in
            let running = state
            state = State()
            state.waiting = running.waiting
            return running
        }
        for worker in running.datagrams { worker.stop() }
        running.streams?.stop()
        running.admin?.stop()
        for block in configuration.blocks.reversed() {
            for placed in block.plugins.reversed() { placed.plugin.stop() }
        }
    }
}
