import LinuxIO
import Synchronization

/// A clock that runs many times as fast as the system's, so that a test need not sit through back-offs: what waits for it
/// waits that much less. The speed may be changed at any time; the clock never goes back.
package final class FastClock: Sendable {
    private struct State {
        /// What this clock said when that of the system said `since`.
        var base: UInt64
        var since: UInt64
        var speed: UInt64
    }

    private let state: Mutex<State>

    /// A clock that is `speed` (at least 1) times as fast as the system's.
    package init(speed: UInt64) {
        let now = Clock.system.monotonic()
        state = Mutex(State(base: now, since: now, speed: max(1, speed)))
    }

    /// How many times as fast as the system's it is from now on. Waits that have begun end as they were to.
    package var speed: UInt64 {
        get { state.withLock { $0.speed } }
        set {
            state.withLock { state in
                let now = Clock.system.monotonic()
                state.base = Self.time(state, now)
                state.since = now
                state.speed = max(1, newValue)
            }
        }
    }

    private static func time(_ state: State, _ now: UInt64) -> UInt64 {
        state.base &+ (now &- min(now, state.since)) &* state.speed
    }

    /// The clock to hand out. Its time of day is the system's.
    package var clock: Clock {
        Clock(
            monotonic: { self.state.withLock { Self.time($0, Clock.system.monotonic()) } },
            wall: Clock.system.wall,
            wait: { span in self.state.withLock { span / $0.speed } })
    }
}
