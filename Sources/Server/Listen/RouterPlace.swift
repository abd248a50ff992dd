import LinuxIO
import Synchronization

/// The router that a UDP worker answers with, which another thread replaces while the worker goes on: neither waits for the
/// other, and nobody counts references.
///
/// The worker says when it is in a turn: the number of turns is odd then. A turn that begins after `replace` has the new router,
/// so whoever keeps the old one may let go of it once the worker is seen between two turns, or in a later one.
///
/// `@unchecked Sendable`: the router itself is used by the worker's thread only, within its turns.
final class RouterPlace: @unchecked Sendable {
    private let router: Atomic<Unmanaged<Router>>
    /// Turns begun and ended. Written by the worker only.
    private let steps = Atomic<UInt64>(0)

    /// - Parameter router: kept by the caller for as long as `hasLeft` does not say otherwise, as all that come after it.
    init(_ router: Router) { self.router = Atomic(.passUnretained(router)) }

    /// Begins a turn of the worker. The router is valid until `end`.
    @inline(__always)
    func begin() -> Unmanaged<Router> {
        // In the one order of all threads: either `replace` comes first and is seen, or the turn is seen by `hasLeft`.
        steps.wrappingAdd(1, ordering: .sequentiallyConsistent)
        return router.load(ordering: .sequentiallyConsistent)
    }

    /// Ends the worker's turn.
    @inline(__always)
    func end() { steps.wrappingAdd(1, ordering: .releasing) }

    /// Has the worker's next turn use another router.
    ///
    /// - Returns: what `hasLeft` is asked with.
    func replace(with new: Router) -> UInt64 {
        router.store(.passUnretained(new), ordering: .sequentiallyConsistent)
        return steps.load(ordering: .sequentiallyConsistent)
    }

    /// Whether the worker has done with the router that `replace` took away.
    ///
    /// - Parameter seen: what `replace` said.
    func hasLeft(_ seen: UInt64) -> Bool {
        seen & 1 == 0 || steps.load(ordering: .sequentiallyConsistent) != seen
    }
}
