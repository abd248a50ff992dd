import DNSWire
import LinuxIO
import PluginKit
import Plugins

/// Answers the queries of one listener for one worker: reads the request, chooses the server block, and leads the exchange
/// through the block's chain. Belongs to its worker's thread.
///
/// On the event loop's thread it also has the queries that wait: those that a worker could not answer at once, and those that
/// came over TCP.
final class Router {
    /// Takes a query that cannot be answered at once: the request's bytes, which plugin has held its response, and who asks
    /// whom.
    typealias Park = (
        UnsafeRawBufferPointer, _ heldBy: UInt8, _ client: SocketAddress, _ local: SocketAddress
    ) -> Void

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
    private let queries: WaitingQueries?
    private let clock: Clock
    /// The request as it came, for a chain that may say that it cannot be answered at once: by then parts of it have been
    /// written over.
    private let request: UnsafeMutableRawPointer
    /// What becomes of a query that cannot be answered at once, unless it is handed over. Set before the first query.
    var park: Park?
    /// Where such queries are gathered until the batch has been answered: for workers that hand them over.
    private let parked: HandOver.Batch?
    // `@exclusivity(unchecked)` here and below: one thread, and statements that call nobody who could come back.
    @exclusivity(unchecked) private var isInTurn = false
    /// Whether there are any of this batch.
    @exclusivity(unchecked) private var hasParked = false
    private let mayWait: Bool

    /// Stands for the router where somebody must not keep it: weak references to the router itself would make every count of
    /// its references a slow one, for each query that waits.
    final class Link {
        // SAFETY: the router alone keeps the link, and both are let go of by the thread that follows it, or once that has
        // ended: where there is a link there is a router.
        unowned(unsafe) let router: Router

        init(_ router: Router) { self.router = router }
    }

    private(set) lazy var link = Link(self)

    /// Longest request that is kept: the longest message there is.
    private static let longestRequest = 65_535
    /// Room for the response to a UDP query that waits.
    private static let datagramCapacity = 4096

    /// - Parameters:
    ///   - plan: the listener.
    ///   - transport: what the worker serves.
    ///   - random: seeded for this worker.
    ///   - dropped: counts the queries that no block takes; this worker's own.
    ///   - queries: those that wait on the event loop, where the router is to belong to its thread.
    ///   - ownQueries: takes the questions that plugins ask of their own accord.
    ///   - handOver: takes the queries that cannot be answered at once.
    init(
        _ plan: ListenerPlan, transport: Transport, random: FastRandom, dropped: DroppedQueries, clock: Clock,
        queries: WaitingQueries? = nil, ownQueries: OwnQueryQueue? = nil, handOver: HandOver? = nil
    ) {
        self.queries = queries
        parked = handOver.map { HandOver.Batch($0) }
        self.clock = clock
        request = .allocate(byteCount: Router.longestRequest, alignment: 8)
        chains = plan.zones.enumerated().map { place, zone in
            var ask: (@Sendable (OwnQuery) -> Void)?
            if let ownQueries { ask = { ownQueries.add($0, chain: place) } }
            return zone.block.makeChain(
                WorkerContext(
                    server: plan.server, zone: zone.name, transport: transport, view: zone.block.view?.name ?? "",
                    loop: queries?.loop, ask: ask))
        }
        mayWait = chains.contains { $0.mayWait }
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
        if queries != nil { aliases.pointee.router = Unmanaged.passUnretained(self) }
    }

    deinit {
        exchange.pointee.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        aliases.deinitialize(count: 1)
        aliases.deallocate()
        request.deallocate()
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
        let keepsRequest = mayWait && length <= Router.longestRequest
        // SAFETY: the request has `length` bytes, for which there is room.
        if keepsRequest { request.copyMemory(from: buffer, byteCount: length) }
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
        let udpSize = exchange.pointee.request.udpSize
        let responseLength = chain.answer(exchange)
        if exchange.pointee.isWaiting, keepsRequest { parkQuery(length, udpSize, place, client, local) }
        return responseLength
    }

    @inline(never)
    private func parkQuery(
        _ length: Int, _ udpSize: Int, _ chain: Int, _ client: SocketAddress, _ local: SocketAddress
    ) {
        hasParked = true
        let request = UnsafeRawBufferPointer(start: request, count: length)
        let heldBy = exchange.pointee.heldBy
        guard let parked else { return park?(request, heldBy, client, local) ?? () }
        parked.queries.add(
            request, udpSize: udpSize, chain: chain, heldBy: heldBy, client: client, local: local)
    }

    // MARK: Queries that wait

    /// Takes up a query that may wait, of which it is not known yet whose it is. On the loop's thread only.
    ///
    /// - Parameters:
    ///   - heldBy: as `Exchange.heldBy`.
    ///   - startedAt: when it came, monotonic nanoseconds.
    ///   - deliver: takes the response, or nothing where there is none.
    func startWaiting(
        _ request: UnsafeRawBufferPointer, heldBy: UInt8, client: SocketAddress, local: SocketAddress,
        startedAt: UInt64, deliver: @escaping WaitingQuery.Deliver
    ) {
        // The block is found again: the exchange's own memory has the name by now of another query.
        let verdict = exchange.pointee.take(
            UnsafeMutableRawPointer(mutating: request.baseAddress ?? UnsafeRawPointer(self.request)),
            length: request.count, capacity: request.count, transport: transport)
        // Views go by them.
        exchange.pointee.client = client
        exchange.pointee.local = local
        let place = verdict == .answer ? routesView.route(exchange) : -1
        startWaiting(
            request, udpSize: exchange.pointee.request.udpSize, chain: place, heldBy: heldBy, client: client,
            local: local, startedAt: startedAt, deliver: deliver)
    }

    /// Takes up a query that may wait. On the loop's thread only.
    ///
    /// - Parameters:
    ///   - udpSize: what the client takes over UDP, in bytes.
    ///   - place: the place of its block among those of the listener.
    ///   - heldBy: as `Exchange.heldBy`.
    ///   - startedAt: when it came, monotonic nanoseconds.
    ///   - deliver: takes the response, or nothing where there is none.
    func startWaiting(
        _ request: UnsafeRawBufferPointer, udpSize: Int, chain place: Int, heldBy: UInt8, client: SocketAddress,
        local: SocketAddress, startedAt: UInt64, deliver: @escaping WaitingQuery.Deliver
    ) {
        guard let queries, place >= 0, place < chains.count else {
            return deliver(UnsafeRawBufferPointer(start: nil, count: 0), exchange)
        }
        // SAFETY: there is a view for each chain.
        let chain = views[place]
        // No more than the client takes: there may be many that wait.
        let capacity = transport == .udp ? min(udpSize, Router.datagramCapacity) : Router.longestRequest
        let query = queries.take(
            request, capacity: capacity, router: self, chain: chain, random: exchange.pointee.random.next(),
            deliver: deliver)
        beginTurn()
        query.start(length: request.count, transport: transport) { waiting in
            waiting.pointee.heldBy = heldBy
            waiting.pointee.client = client
            waiting.pointee.local = local
            waiting.pointee.startedAt = startedAt
            waiting.pointee.aliasLookup = AliasResolver.lookup
            waiting.pointee.aliasContext = UnsafeMutableRawPointer(aliases)
            if case .udp = transport, chain.limitsLoopback || !client.isLoopback {
                waiting.pointee.limit(to: chain.udpSize)
            }
        }
    }

    /// Leads a question of the server's own down the block that it belongs to, as if the client had asked it. There is room for
    /// more than that can take, so that what does not matter is not left out.
    ///
    /// - Parameter deliver: takes the response, or nothing where there is none, and the exchange that it comes from: nil where no
    ///   block takes the question.
    func lookUp(
        _ request: UnsafeRawBufferPointer, as outer: UnsafeMutablePointer<Exchange>, depth: Int,
        deliver: @escaping (UnsafeRawBufferPointer, UnsafeMutablePointer<Exchange>?) -> Void
    ) {
        let inner = UnsafeMutablePointer<AliasResolver>.allocate(capacity: 1)
        inner.initialize(to: AliasResolver(routes: routesView, chains: views, depth: depth))
        inner.pointee.router = Unmanaged.passUnretained(self)
        let done: (UnsafeRawBufferPointer, UnsafeMutablePointer<Exchange>?) -> Void = { response, exchange in
            deliver(response, exchange)
            inner.deinitialize(count: 1)
            inner.deallocate()
        }
        let verdict = exchange.pointee.take(
            UnsafeMutableRawPointer(mutating: request.baseAddress ?? UnsafeRawPointer(self.request)),
            length: request.count, capacity: request.count, transport: .tcp)
        let isOverUDP = outer.pointee.clientTransport == .udp
        // Views go by them.
        exchange.pointee.prefersUDP = isOverUDP
        exchange.pointee.client = outer.pointee.client
        exchange.pointee.local = outer.pointee.local
        let place = verdict == .answer ? routesView.route(exchange) : -1
        guard place >= 0, let queries else { return done(UnsafeRawBufferPointer(start: nil, count: 0), nil) }
        let query = queries.take(
            request, capacity: isOverUDP ? Router.datagramCapacity : Router.longestRequest, router: self,
            chain: views[place], random: exchange.pointee.random.next()
        ) { response, exchange in done(response, exchange) }
        query.start(length: request.count, transport: .tcp) { waiting in
            waiting.pointee.prefersUDP = isOverUDP
            waiting.pointee.client = outer.pointee.client
            waiting.pointee.local = outer.pointee.local
            waiting.pointee.rotation = outer.pointee.rotation
            waiting.pointee.startedAt = outer.pointee.startedAt
            waiting.pointee.aliasLookup = AliasResolver.lookup
            waiting.pointee.aliasContext = UnsafeMutableRawPointer(inner)
        }
    }

    /// Leads a question of the server's own down the plugins below the one that asks.
    ///
    /// - Parameter chain: the place of the asker's block.
    func start(_ query: OwnQuery, chain: Int) {
        guard chain >= 0, chain < chains.count, let queries else { return query.ended() }
        beginTurn()
        query.request.withUnsafeBytes { request in
            let waiting = queries.take(
                request, capacity: Router.longestRequest, router: self, chain: views[chain],
                random: exchange.pointee.random.next()
            ) { _, _ in query.ended() }
            waiting.start(length: request.count, transport: .tcp) { exchange in
                exchange.pointee.prefersUDP = query.transport == .udp
                exchange.pointee.client = query.client
                exchange.pointee.local = query.local
                exchange.pointee.startedAt = clock.monotonic()
                exchange.pointee.aliasLookup = AliasResolver.lookup
                exchange.pointee.aliasContext = UnsafeMutableRawPointer(aliases)
                exchange.pointee.asker = query.asker
                // The query is kept by what is called at its end.
                exchange.pointee.ownQuery = Unmanaged.passUnretained(query.subject).toOpaque()
            }
        }
    }

    /// Begins a turn of the loop in which queries that wait are worked on: a batch that lasts until the turn's end.
    func beginTurn() {
        guard !isInTurn, let queries else { return }
        isInTurn = true
        beginBatch(clock.monotonic())
        queries.loop.atEndOfTurn { [self] in
            isInTurn = false
            endBatch(clock.monotonic())
        }
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
        if hasParked { finishParking() }
    }

    /// Has the queries of the batch handed over that cannot be answered at once.
    @inline(never)
    private func finishParking() {
        hasParked = false
        parked?.handOver()
    }
}
