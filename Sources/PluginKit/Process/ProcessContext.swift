import LinuxIO

/// What all blocks of one configuration share.
package final class ProcessContext: Sendable {
    package let log: Log
    package let clock: Clock
    package let metrics: MetricsRegistry
    package let admin: AdminEndpoints
    package let lifecycle: Lifecycle

    package init(log: Log, clock: Clock = .system) {
        self.log = log
        self.clock = clock
        metrics = MetricsRegistry()
        admin = AdminEndpoints()
        lifecycle = Lifecycle()
    }
}
