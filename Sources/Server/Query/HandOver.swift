import LinuxIO
import Synchronization

/// Takes queries that UDP workers cannot answer at once to the event loop's thread: those of a batch together.
final class HandOver: Sendable {
    /// Most queries that wait to be taken over. What comes beyond is dropped: the client asks again, and by then the loop
    /// has caught up, or it never will.
    static let mostQueries = 16_384

    private struct Query {
        let request: [UInt8]
        let client: SocketAddress
        let local: SocketAddress
        let startedAt: UInt64
    }

    private let loop: EventLoop
    private let queries = Mutex<[Query]>([])
    private let droppedQueries = Atomic<UInt64>(0)
    /// Takes a query on the loop's thread. Set before the first query.
    private let take: Taker

    /// What the loop's thread does with a query.
    ///
    /// `@unchecked Sendable`: made before the threads start, called on the loop's thread only.
    final class Taker: @unchecked Sendable {
        let take: (UnsafeRawBufferPointer, _ client: SocketAddress, _ local: SocketAddress, _ startedAt: UInt64) -> Void

        init(
            _ take:
                @escaping (
                    UnsafeRawBufferPointer, _ client: SocketAddress, _ local: SocketAddress, _ startedAt: UInt64
                ) -> Void
        ) {
            self.take = take
        }
    }

    init(loop: EventLoop, take: Taker) {
        self.loop = loop
        self.take = take
    }

    /// Queries that were dropped because too many waited.
    var dropped: UInt64 { droppedQueries.load(ordering: .relaxed) }

    /// Hands a query over; any thread may.
    func add(_ request: UnsafeRawBufferPointer, client: SocketAddress, local: SocketAddress, startedAt: UInt64) {
        let query = Query(request: Array(request), client: client, local: local, startedAt: startedAt)
        let isFirst = queries.withLock { queries -> Bool in
            guard queries.count < Self.mostQueries else {
                droppedQueries.wrappingAdd(1, ordering: .relaxed)
                return false
            }
            queries.append(query)
            return queries.count == 1
        }
        // The loop empties the queue whole, so only the first has to wake it.
        if isFirst { loop.execute { self.drain() } }
    }

    private func drain() {
        let taken = queries.withLock { queries in
            let taken = queries
            queries = []
            return taken
        }
        for query in taken {
            query.request.withUnsafeBytes { take.take($0, query.client, query.local, query.startedAt) }
        }
    }
}
