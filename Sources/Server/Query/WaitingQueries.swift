import LinuxIO
import PluginKit
import Synchronization

/// The queries that wait on an event loop, of all routers of one configuration. Belongs to the loop's thread, but for `count`.
///
/// `@unchecked Sendable`: as said; `abandonAll` is for when the thread has ended.
final class WaitingQueries: @unchecked Sendable {
    let loop: EventLoop
    /// The one taken up last; each knows the one before it. All keep themselves alive until they are removed.
    private var last: Unmanaged<WaitingQuery>?
    /// How many there are.
    var count: Int { counted.load(ordering: .relaxed) }
    private let counted = Atomic(0)
    /// Called when there are none any more.
    private var whenEmpty: (() -> Void)?

    /// Memory of queries that are over, for the next ones. (`@exclusivity(unchecked)`: one thread, and statements that call
    /// nobody who could come back.)
    @exclusivity(unchecked) private var free: [WaitingQuery] = []
    /// How much of it is kept: what a busy second has in hand at a time.
    private static let mostFree = 512
    /// Bytes of a response whose memory is kept: that over UDP.
    private static let largestKept = 4096

    init(loop: EventLoop) { self.loop = loop }

    /// A query with memory of its own; see `WaitingQuery.prepare`.
    ///
    /// - Parameter random: a seed.
    func take(
        _ request: UnsafeRawBufferPointer, capacity: Int, router: Router, chain: ChainView, random: UInt64,
        deliver: @escaping WaitingQuery.Deliver
    ) -> WaitingQuery {
        let query =
            free.popLast()
            ?? WaitingQuery(capacity: capacity, queries: self, chain: chain, random: FastRandom(seed: random))
        query.prepare(request, room: capacity, router: router, chain: chain, deliver: deliver)
        return query
    }

    /// Takes the memory of a query that is over.
    func giveBack(_ query: WaitingQuery) {
        if free.count < Self.mostFree, query.heldBytes <= Self.largestKept { free.append(query) }
    }

    func add(_ query: WaitingQuery) {
        let added = Unmanaged.passUnretained(query)
        query.earlier = last
        // SAFETY: a query is alive for as long as it is in the list; that it counts no references is what the list is for.
        last?._withUnsafeGuaranteedRef { $0.later = added }
        last = added
        counted.wrappingAdd(1, ordering: .relaxed)
    }

    func remove(_ query: WaitingQuery) {
        let (earlier, later) = (query.earlier, query.later)
        // SAFETY: as in `add`.
        earlier?._withUnsafeGuaranteedRef { $0.later = later }
        if let later { later._withUnsafeGuaranteedRef { $0.earlier = earlier } } else { last = earlier }
        query.earlier = nil
        query.later = nil
        counted.wrappingSubtract(1, ordering: .relaxed)
        if count == 0, let whenEmpty {
            self.whenEmpty = nil
            whenEmpty()
        }
    }

    /// Calls `done` once nothing waits.
    func drain(_ done: @escaping () -> Void) {
        if count == 0 { done() } else { whenEmpty = done }
    }

    /// Gives up what still waits, unanswered, once the loop turns no more. Look-ups of aliases come before the queries that wait
    /// for them, as they were taken up later.
    func abandonAll() {
        // SAFETY: as in `add`; abandoning takes it out.
        while let query = last { query.takeUnretainedValue().abandon() }
        free = []
    }

    /// Gives back the memory of queries that are over.
    func forgetMemory() { free = [] }
}
