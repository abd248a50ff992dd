import Synchronization

/// The index's writing side: takes changes, rebuilds what they touch (one block, and one shard where a name or an address
/// comes or goes), and publishes a new snapshot. Beyond what a change touches, publishing copies one pointer for each table
/// and for each 256 services.
package final class RecordIndex: Sendable {
    private let state: Mutex<IndexState>
    private let current: Mutex<IndexSnapshot>
    private let versionNumber = Atomic<UInt64>(1)

    /// - Parameter hash: the keyed hash of the tables.
    package init(hash: SeededHash = SeededHash()) {
        let state = IndexState(hash: hash)
        current = Mutex(state.snapshot(serial: 0))
        self.state = Mutex(state)
    }

    /// Grows with each published snapshot. Workers compare it once per batch, which is all that they share.
    package var version: UInt64 { versionNumber.load(ordering: .acquiring) }

    /// The newest snapshot. Takes a lock: ask only when `version` has changed.
    package var snapshot: IndexSnapshot { current.withLock { $0 } }

    /// Applies `change` and publishes the outcome, unless it changes no answer.
    ///
    /// - Parameter serial: seconds since 1970, the SOA serial of the new snapshot.
    /// - Returns: whether a new snapshot was published, and what was rebuilt for it.
    @discardableResult
    package func apply(_ change: IndexChange, serial: UInt32) -> IndexUpdate {
        state.withLock { state in
            let update = state.apply(change)
            guard update.isPublished else { return update }
            let snapshot = state.snapshot(serial: serial)
            // The old snapshot is released outside of the lock that readers take.
            let old = current.withLock { current in
                let old = current
                current = snapshot
                return old
            }
            versionNumber.wrappingAdd(1, ordering: .releasing)
            withExtendedLifetime(old) {}
            return update
        }
    }
}
