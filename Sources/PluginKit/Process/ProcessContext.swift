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

    package init(log: Log, clock: Clock = .system) {
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
