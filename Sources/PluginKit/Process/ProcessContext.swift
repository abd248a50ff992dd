import Glibc
import LinuxIO
import Synchronization

/// What all blocks of one configuration share.
package final class ProcessContext: Sendable {
    package let log: Log
    package let clock: Clock
    package let metrics: MetricsRegistry
    package let admin: AdminEndpoints
    package let lifecycle: Lifecycle
    private let shared = Mutex<[ObjectIdentifier: any AnyObject & Sendable]>([:])

    /// Ends the process at once with a status: what `loop` does.
    package let end: @Sendable (Int32) -> Void

    /// - Parameter end: ends the process; a test has something else here.
    package init(
        log: Log, clock: Clock = .system, end: @escaping @Sendable (Int32) -> Void = { _exit($0) }
    ) {
        self.end = end
        self.log = log
        self.clock = clock
        metrics = MetricsRegistry()
        admin = AdminEndpoints()
        lifecycle = Lifecycle()
    }

    /// The one `Instance` of the process, made by whoever asks first: what the blocks' plugins of a kind have in common.
    ///
    /// - Parameter make: must not ask for a shared instance itself.
    package func shared<Instance: AnyObject & Sendable>(_ make: () -> Instance) -> Instance {
        shared.withLock { instances in
            let key = ObjectIdentifier(Instance.self)
            if let found = instances[key] as? Instance { return found }
            let made = make()
            instances[key] = made
            return made
        }
    }
}
