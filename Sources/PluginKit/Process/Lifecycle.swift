import Synchronization

/// Where the process stands between its start and its end, and what plugins have to say about that.
package final class Lifecycle: Sendable {
    private struct State {
        var lameduck: UInt64 = 0
        var isStopping = false
        var plugins: [(name: String, isReady: @Sendable () -> Bool?)] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// How long queries are answered after the signal to stop, in nanoseconds. Set by `health`; the longest counts.
    package var lameduck: UInt64 {
        get { state.withLock { $0.lameduck } }
        set { state.withLock { $0.lameduck = max($0.lameduck, newValue) } }
    }

    /// True from the signal to stop onwards: `ready` says no from then on.
    package var isStopping: Bool {
        get { state.withLock { $0.isStopping } }
        set { state.withLock { $0.isStopping = newValue } }
    }
}
