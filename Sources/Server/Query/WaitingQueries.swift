import LinuxIO
import Synchronization

/// The queries that wait on an event loop, of all its routers. Belongs to the loop's thread, but for `count`.
///
/// `@unchecked Sendable`: as said; `abandonAll` is for when the thread has ended.
final class WaitingQueries: @unchecked Sendable {
    let loop: EventLoop
    /// The one taken up last; each knows the one before it.
    private var last: WaitingQuery?
    /// How many there are.
    var count: Int { counted.load(ordering: .relaxed) }
    private let counted = Atomic(0)
    /// Called when there are none any more.
    private var whenEmpty: (() -> Void)?

    init(loop: EventLoop) { self.loop = loop }

    func add(_ query: WaitingQuery) {
        query.earlier = last
        last?.later = query
        last = query
        counted.wrappingAdd(1, ordering: .relaxed)
    }

    func remove(_ query: WaitingQuery) {
        if last === query { last = query.earlier }
        query.earlier?.later = query.later
        query.later?.earlier = query.earlier
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
        while let query = last { query.abandon() }
    }
}
