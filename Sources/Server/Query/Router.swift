import DNSWire
import LinuxIO
import PluginKit
import Plugins

/// Answers the queries of one listener for one worker: reads the request, chooses the server block, and leads the exchange
/// through the block's chain. Belongs to its worker's thread.
final class Router {
    private let chains: [Chain]
    private let routes: BlockRoutes
    private let views: UnsafeMutablePointer<ChainView>
    private let routesView: BlockRoutesView
    private let exchange: UnsafeMutablePointer<Exchange>
    private let answersChaosClass: Bool
    private let transport: Transport
    private let droppedQueries: DroppedQueries
    private let dropped: DroppedQueriesView
    private let aliases: UnsafeMutablePointer<AliasResolver>

    /// - Parameters:
    ///   - plan: the listener.
    ///   - transport: what the worker serves.
    ///   - random: seeded for this worker.
    ///   - dropped: counts the queries that no block takes; this worker's own.
    init(_ plan: ListenerPlan, transport: Transport, random: FastRandom, dropped: DroppedQueries) {
        chains = plan.zones.map { zone in
            zone.block.makeChain(
                WorkerContext(
                    server: plan.server, zone: zone.name, transport: transport, view: zone.block.view?.name ?? ""))
        }
        routes = BlockRoutes(plan.zones)
        routesView = routes.view
        // SAFETY: the three allocations belong to this router alone, which frees them in `deinit`; `views` has an element
        // for each chain, and the chains behind them are kept in `chains`.
        views = .allocate(capacity: max(1, chains.count))
        for (place, chain) in chains.enumerated() { (views + place).initialize(to: chain.view) }
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: random))
        answersChaosClass = plan.zones.contains { $0.block.answersChaosClass }
        self.transport = transport
        droppedQueries = dropped
        self.dropped = dropped.view
        aliases = .allocate(capacity: 1)
        aliases.initialize(to: AliasResolver(routes: routesView, chains: views, depth: 0))
        exchange.pointee.aliasLookup = AliasResolver.lookup
        exchange.pointee.aliasContext = UnsafeMutableRawPointer(aliases)
    }

    deinit {
        exchange.pointee.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        aliases.deinitialize(count: 1)
        aliases.deallocate()
        views.deinitialize(count: chains.count)
        views.deallocate()
    }

    /// Answers the request of `length` bytes at `buffer` in place.
    ///
    /// - Returns: the response's length in bytes, 0 where there is none to send.
    func answer(
        _ buffer: UnsafeMutableRawPointer, length: Int, capacity: Int, isTruncated: Bool = false, client: SocketAddress,
        local: SocketAddress
    ) -> Int {
        let exchange = exchange
        let verdict = exchange.pointee.take(buffer, length: length, capacity: capacity, transport: transport)
        exchange.pointee.client = client
        exchange.pointee.local = local
        switch verdict {
        case .answer: if isTruncated { return refuse(.formatError) }
        case .drop: return 0
        case .formatError: return refuse(.formatError)
        case .notImplemented: return refuse(.notImplemented)
        case .badVersion: return refuse(.badVersion)
        }
        // CoreDNS: other classes than IN are for `chaos` only.
        if exchange.pointee.request.recordClass != .internet, !answersChaosClass { return refuse(.refused) }
        let place = routesView.route(exchange)
        guard place >= 0 else { return refuse(.refused) }
        // SAFETY: the matcher was made from the same zones as `views`, in the same order.
        let chain = views[place]
        // CoreDNS: a zone without plugins that see queries is served by nobody.
        guard chain.count > 0 else { return refuse(.refused) }
        // The loopback interface carries what the client takes in one piece; anywhere else larger datagrams may be
        // fragmented and lost. `bufsize` limits both.
        if case .udp = transport, chain.limitsLoopback || !client.isLoopback {
            exchange.pointee.limit(to: chain.udpSize)
        }
        return chain.answer(exchange)
    }

    /// Answers with `code` alone: no block has seen the query.
    private func refuse(_ code: ResponseCode) -> Int {
        exchange.pointee.fail(code)
        let length = exchange.pointee.finish()
        dropped.count(exchange)
        return length
    }

    /// Tells the plugins that a batch of queries begins, at monotonic time `now` in nanoseconds.
    func beginBatch(_ now: UInt64) {
        exchange.pointee.startedAt = now
        var place = 0
        while place < chains.count {
            views[place].beginBatch(now)
            place &+= 1
        }
    }

    /// Tells the plugins that the batch has been answered.
    func endBatch(_ now: UInt64) {
        var place = 0
        while place < chains.count {
            views[place].endBatch(now)
            place &+= 1
        }
        dropped.endBatch(now)
    }
}
