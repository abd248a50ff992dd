import Synchronization

/// A value that one thread replaces now and then, and that workers take up between two batches: what they share is one number
/// that they compare once per batch, and a lock only when it has changed.
package final class Published<Value: AnyObject & Sendable>: Sendable {
    private let held: Mutex<Value>
    private let number = Atomic<UInt64>(1)

    package init(_ value: Value) { held = Mutex(value) }

    /// Grows with each value that is published.
    package var version: UInt64 { number.load(ordering: .acquiring) }

    /// The newest value. Takes a lock: ask only when `version` has changed.
    package var current: Value { held.withLock { $0 } }

    /// Puts `value` in the place of the one before.
    package func publish(_ value: Value) {
        // The old value is released outside of the lock that readers take.
        let old = held.withLock { held in
            let old = held
            held = value
            return old
        }
        number.wrappingAdd(1, ordering: .releasing)
        withExtendedLifetime(old) {}
    }
}
