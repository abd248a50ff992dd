import Foundation

/// A flag that one thread waits for, at most ten seconds, and another sets.
final class WakeUp: @unchecked Sendable {
    private let condition = NSCondition()
    private var isSet = false

    func signal() {
        condition.lock()
        isSet = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until it is set, and takes it back.
    @discardableResult
    func wait() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        let limit = Date(timeIntervalSinceNow: 10)
        while !isSet, condition.wait(until: limit) {}
        defer { isSet = false }
        return isSet
    }
}
