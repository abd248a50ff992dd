import DNSWire
import LinuxIO
import PluginKit

/// A query on the event loop that may wait for something, with memory of its own: from the moment it is taken up until its
/// response has been delivered, or there is none.
///
/// It keeps itself alive meanwhile: `finish` lets go of it.
final class WaitingQuery {
    /// Takes the response (no bytes where there is none) to whoever asked, who stands in the exchange.
    typealias Deliver = (UnsafeRawBufferPointer, UnsafeMutablePointer<Exchange>) -> Void

    private let exchange: UnsafeMutablePointer<Exchange>
    private var buffer: UnsafeMutableRawPointer
    private var capacity: Int
    /// The chains that it goes down, with the memory behind them; nil while the memory waits for its next query.
    private var router: Router?
    private let queries: WaitingQueries
    private var chain: ChainView
    /// (`@exclusivity(unchecked)`: one thread, and statements that call nobody who could come back.)
    @exclusivity(unchecked) private var deliver: Deliver?
    private var itself: WaitingQuery?
    /// The queries that were taken up before and after this one, for `WaitingQueries`.
    var earlier: Unmanaged<WaitingQuery>?
    var later: Unmanaged<WaitingQuery>?

    /// Memory for a query, with room for a response of so many bytes.
    init(capacity: Int, queries: WaitingQueries, chain: ChainView, random: FastRandom) {
        self.capacity = capacity
        // SAFETY: the two allocations are this object's alone, and freed in `deinit`.
        buffer = .allocate(byteCount: capacity, alignment: 8)
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: random))
        self.queries = queries
        self.chain = chain
    }

    /// Makes the memory a query's.
    ///
    /// - Parameters:
    ///   - request: its bytes, which are copied.
    ///   - room: for the response in bytes, at least that of the request.
    ///   - deliver: called once, on the loop's thread.
    func prepare(
        _ request: UnsafeRawBufferPointer, room: Int, router: Router, chain: ChainView, deliver: @escaping Deliver
    ) {
        let needed = max(room, request.count)
        if needed > capacity {
            buffer.deallocate()
            buffer = .allocate(byteCount: needed, alignment: 8)
            capacity = needed
        }
        // SAFETY: the buffer has room for the request.
        if let start = request.baseAddress { buffer.copyMemory(from: start, byteCount: request.count) }
        self.router = router
        self.chain = chain
        self.deliver = deliver
    }

    /// Bytes of memory that a response may take.
    var heldBytes: Int { capacity }

    deinit {
        exchange.pointee.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        buffer.deallocate()
    }

    /// Reads the request and leads it down its chain.
    ///
    /// - Parameter prepare: sets what the exchange has to know besides the request.
    func start(length: Int, transport: Transport, _ prepare: (UnsafeMutablePointer<Exchange>) -> Void) {
        itself = self
        queries.add(self)
        guard exchange.pointee.take(buffer, length: length, capacity: capacity, transport: transport) == .answer else {
            return finish(0)
        }
        exchange.pointee.resumption = WaitingExchange.Resumption(
            context: Unmanaged.passUnretained(self).toOpaque()
        ) { context, verdict in
            // SAFETY: the query keeps itself alive until it is finished, and is resumed only before that.
            let query = Unmanaged<WaitingQuery>.fromOpaque(context).takeUnretainedValue()
            query.goOn(Verdict(rawValue: verdict) ?? .drop)
        }
        prepare(exchange)
        let isOwn = exchange.pointee.ownQuery != nil
        settle(isOwn ? chain.answerBelowAsker(exchange) : chain.answer(exchange))
    }

    private func goOn(_ verdict: Verdict) {
        router?.beginTurn()
        settle(chain.resume(exchange, verdict))
    }

    private func settle(_ length: Int) {
        if !exchange.pointee.isWaiting { finish(length) }
    }

    private func finish(_ length: Int) {
        queries.remove(self)
        // SAFETY: a response lies within the buffer.
        deliver.take()?(UnsafeRawBufferPointer(start: buffer, count: min(max(0, length), capacity)), exchange)
        router = nil
        queries.giveBack(self)
        itself = nil
    }

    /// Gives the query up: there will be no response, unless it has one already and waits for an alias only. To be called once
    /// nobody will resume it.
    func abandon() {
        guard itself != nil else { return }
        settle(chain.resume(exchange, .drop))
    }
}
