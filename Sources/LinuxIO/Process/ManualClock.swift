import Synchronization

/// A clock that stands still until it is told to go on. Any thread may use it.
package final class ManualClock: Sendable {
    private let now: Atomic<UInt64>
    private let start: UInt64
    private let wallStart: Clock.Wall

    /// A clock at `now` nanoseconds, whose time of day begins at `wall`.
    package init(now: UInt64 = Clock.second, wall: Clock.Wall = Clock.Wall(seconds: 1_700_000_000)) {
        self.now = Atomic(now)
        start = now
        wallStart = wall
    }

    /// Moves both clocks on.
    package func advance(nanoseconds: UInt64) {
        now.wrappingAdd(nanoseconds, ordering: .sequentiallyConsistent)
    }

    /// The clock to hand out.
    package var clock: Clock {
        Clock(
            monotonic: { self.now.load(ordering: .sequentiallyConsistent) },
            wall: {
                let passed = self.now.load(ordering: .sequentiallyConsistent) &- self.start
                let total = UInt64(self.wallStart.nanoseconds) &+ passed
                return Clock.Wall(
                    seconds: self.wallStart.seconds &+ Int64(total / Clock.second),
                    nanoseconds: Int32(total % Clock.second))
            })
    }
}
