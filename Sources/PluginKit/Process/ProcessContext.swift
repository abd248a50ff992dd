import Glibc
import LinuxIO
import Synchronization

/// What all blocks of one configuration share, and what that shares with the configurations before and after it.
package final class ProcessContext: Sendable {
    package let log: Log
    package let clock: Clock
    package let metrics: MetricsRegistry
    /// The configuration's own.
    package let admin: AdminEndpoints
    /// The configuration's own, but for whether the process is stopping.
    package let lifecycle: Lifecycle
    /// Whether the configuration takes the place of another, whose queries it goes on to answer.
    package let isReload: Bool
    private let reloading = Mutex<ReloadInterval?>(nil)
    private let processWide: SharedInstances
    private let own = SharedInstances()

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
        isReload = false
        processWide = SharedInstances()
    }

    /// What a configuration begins with that is to take the place of another.
    package init(succeeding previous: ProcessContext) {
        log = previous.log
        end = previous.end
        clock = previous.clock
        metrics = previous.metrics
        admin = AdminEndpoints()
        lifecycle = Lifecycle(succeeding: previous.lifecycle)
        isReload = true
        processWide = previous.processWide
    }

    /// The one `Instance` of the process, made by whoever asks first: what the plugins of a kind have in common, in all
    /// blocks and through all reloads.
    ///
    /// - Parameter make: must not ask for a shared instance itself.
    package func shared<Instance: AnyObject & Sendable>(_ make: () -> Instance) -> Instance {
        processWide.instance(make)
    }

    /// The one `Instance` of the configuration, made by whoever asks first.
    ///
    /// - Parameter make: must not ask for an instance of the configuration itself.
    package func configured<Instance: AnyObject & Sendable>(_ make: () -> Instance) -> Instance {
        own.instance(make)
    }

    /// How often the Corefile is looked at; nil where no block has `reload`. Of several the last one counts (CoreDNS).
    package var reloadInterval: ReloadInterval? {
        get { reloading.withLock { $0 } }
        set { reloading.withLock { $0 = newValue } }
    }

    /// Lets go of what belongs to the configuration, once that has been replaced. What is carried over may keep the context.
    package func retire() {
        admin.removeAll()
        lifecycle.removeReadiness()
        own.removeAll()
    }
}
