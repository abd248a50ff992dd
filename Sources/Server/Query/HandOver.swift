import Glibc
import LinuxIO
import Synchronization

/// Takes queries that UDP workers cannot answer at once to the event loop's thread: those of a batch together.
final class HandOver: Sendable {
    /// Most queries that wait to be taken over. What comes beyond is dropped: the client asks again, and by then the loop
    /// has caught up, or it never will.
    static let mostQueries = 16_384
    /// The same in bytes: several times what so many ordinary queries have.
    static let mostBytes = 4 << 20

    /// Queries with the bytes of all of them.
    struct Queries {
        /// One query: its bytes' place, what the client takes over UDP, which of the listener's blocks it belongs to, which
        /// plugin has held its response (`Exchange.heldBy`), and who asks whom.
        struct Query {
            let bytes: Range<Int>
            let udpSize: Int
            let chain: Int
            let heldBy: UInt8
            let client: SocketAddress
            let local: SocketAddress
        }

        private(set) var bytes: [UInt8] = []
        private(set) var all: [Query] = []

        /// Adds a query.
        mutating func add(
            _ request: UnsafeRawBufferPointer, udpSize: Int, chain: Int, heldBy: UInt8, client: SocketAddress,
            local: SocketAddress
        ) {
            let start = bytes.count
            bytes.append(contentsOf: request)
            all.append(
                Query(
                    bytes: start..<bytes.count, udpSize: udpSize, chain: chain, heldBy: heldBy, client: client,
                    local: local))
        }

        /// Adds those of another batch.
        mutating func add(_ others: borrowing Queries) {
            let start = bytes.count
            bytes.append(contentsOf: others.bytes)
            for query in others.all {
                all.append(
                    Query(
                        bytes: start + query.bytes.lowerBound..<start + query.bytes.upperBound,
                        udpSize: query.udpSize, chain: query.chain, heldBy: query.heldBy, client: query.client,
                        local: query.local))
            }
        }

        mutating func removeAll() {
            bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 18)
            all.removeAll(keepingCapacity: all.capacity < 4096)
        }
    }

    /// The queries of a worker's batch that cannot be answered at once. The worker's thread alone uses it.
    final class Batch {
        private let taker: HandOver
        /// (`@exclusivity(unchecked)`: one thread, and statements that call nobody who could come back.)
        @exclusivity(unchecked) var queries = Queries()

        init(_ taker: HandOver) { self.taker = taker }

        /// Hands over what there is.
        func handOver() {
            if !queries.all.isEmpty { taker.take(&queries) }
        }
    }

    private let loop: EventLoop
    private let waiting = Mutex(Queries())
    /// Told how many queries were dropped because too many waited.
    private let drop: @Sendable (Int) -> Void
    /// Takes queries on the loop's thread. Set before the first query.
    private let taker: Taker

    /// What the loop's thread does with a query.
    ///
    /// `@unchecked Sendable`: made before the threads start, used on the loop's thread only.
    final class Taker: @unchecked Sendable {
        let take: (UnsafeRawBufferPointer, Queries.Query) -> Void
        /// The queries in hand: kept for their memory.
        fileprivate var taken = Queries()

        init(_ take: @escaping (UnsafeRawBufferPointer, Queries.Query) -> Void) {
            self.take = take
        }
    }

    /// - Parameter drop: called by any thread, with the number of queries.
    init(loop: EventLoop, taker: Taker, drop: @escaping @Sendable (Int) -> Void) {
        self.loop = loop
        self.taker = taker
        self.drop = drop
    }

    /// Hands over the queries of a batch, and empties it; any thread may.
    func take(_ batch: inout Queries) {
        let isFirst = waiting.withLock { waiting -> Bool? in
            guard waiting.all.count + batch.all.count <= Self.mostQueries,
                waiting.bytes.count + batch.bytes.count <= Self.mostBytes
            else { return nil }
            let isFirst = waiting.all.isEmpty
            if isFirst { swap(&waiting, &batch) } else { waiting.add(batch) }
            return isFirst
        }
        if isFirst == nil { drop(batch.all.count) }
        batch.removeAll()
        // The loop empties the queue whole, so only the first has to wake it.
        if isFirst == true {
            loop.execute { self.drain() }
        } else {
            // The loop has not come to take the queries before these. Where it shares a processor with the worker, it would be
            // put aside again for every few queries that come; this way more of them come together.
            sched_yield()
        }
    }

    private func drain() {
        let taker = taker
        taker.taken.removeAll()
        waiting.withLock { swap(&$0, &taker.taken) }
        taker.taken.bytes.withUnsafeBytes { bytes in
            for query in taker.taken.all {
                taker.take(UnsafeRawBufferPointer(rebasing: bytes[query.bytes]), query)
            }
        }
    }
}
