import Synchronization

/// When something that is done at a fixed interval is due: for the first time one interval after it is first asked, and never
/// twice to make up for a time it was late.
package final class IntervalSchedule: Sendable {
    private let interval: UInt64
    private let next = Mutex<UInt64?>(nil)

    /// - Parameter interval: nanoseconds, above 0.
    package init(interval: UInt64) {
        self.interval = max(1, interval)
    }

    /// Does `work` if it is due at `now` (nanoseconds), and says when it is due next.
    package func run(_ now: UInt64, _ work: () -> Void) -> UInt64 {
        let (isDue, deadline) = next.withLock { next in
            guard let due = next else {
                next = now &+ interval
                return (false, now &+ interval)
            }
            guard now >= due else { return (false, due) }
            // Like a ticker: the rhythm stays, and beats that were missed are left out.
            let following = due &+ ((now &- due) / interval &+ 1) &* interval
            next = following
            return (true, following)
        }
        if isDue { work() }
        return deadline
    }
}
