import LinuxIO

/// Deadlines in steps of some milliseconds: adding one costs nothing but a place in an array, and none is ever taken back (who
/// is looked at for nothing says so).
struct DeadlineWheel {
    /// Nanoseconds of a step.
    static let step = 10 * Clock.millisecond
    /// Steps of a turn: deadlines further away come up early, and are added again.
    static let steps: UInt64 = 512

    private var slots = [[UInt64]](repeating: [], count: Int(steps))
    /// The step up to which everything has been taken.
    private var taken: UInt64
    /// Deadlines held.
    private(set) var count = 0

    init(now: UInt64) { taken = now / Self.step }

    /// Adds a deadline.
    mutating func add(_ ticket: UInt64, at deadline: UInt64, now: UInt64) {
        if count == 0 { taken = now / Self.step }
        let wanted = deadline / Self.step + 1
        let step = min(max(wanted, taken + 1), taken + Self.steps - 1)
        slots[Int(step % Self.steps)].append(ticket)
        count += 1
    }

    /// Takes what is due.
    mutating func takeDue(now: UInt64) -> [UInt64] {
        let current = now / Self.step
        var due: [UInt64] = []
        var left = Self.steps
        while taken < current, count > 0, left > 0 {
            taken += 1
            left -= 1
            let slot = Int(taken % Self.steps)
            if slots[slot].isEmpty { continue }
            count -= slots[slot].count
            due += slots[slot]
            slots[slot].removeAll(keepingCapacity: slots[slot].count < 1024)
        }
        taken = max(taken, current)
        return due
    }
}
