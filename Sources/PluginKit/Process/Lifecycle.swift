import Synchronization

/// Where the process stands between its start and its end, and what the plugins of a configuration have to say about that.
package final class Lifecycle: Sendable {
    /// One plugin that something has to happen for before it can answer.
    private struct Readiness {
        let plugin: String
        let isReady: @Sendable () -> Bool
        var wasReady = false
    }

    private struct State {
        var lameduck: UInt64 = 0
        var monitorsContinuously = false
        var plugins: [Readiness] = []
    }

    /// Shared by all configurations of the process.
    private final class Stopping: Sendable {
        let isStopping = Atomic(false)
    }

    private let state = Mutex(State())
    private let stopping: Stopping
    private let replaced = Atomic(false)

    package init() { stopping = Stopping() }

    /// That of a configuration which is to take the place of another: whether the process is stopping holds for both.
    package init(succeeding previous: Lifecycle) { stopping = previous.stopping }

    /// How long queries are answered after the signal to stop, in nanoseconds.
    package var lameduck: UInt64 { state.withLock { $0.lameduck } }

    /// Makes lameduck last for `nanoseconds` at least: of several `health` directives the longest counts.
    package func extendLameduck(to nanoseconds: UInt64) {
        state.withLock { $0.lameduck = max($0.lameduck, nanoseconds) }
    }

    /// True from the signal to stop onwards: `ready` says no from then on.
    package var isStopping: Bool {
        get { stopping.isStopping.load(ordering: .acquiring) }
        set { stopping.isStopping.store(newValue, ordering: .releasing) }
    }

    /// Whether another configuration has taken the place of this one, which may have queries to answer still.
    package var isReplaced: Bool {
        get { replaced.load(ordering: .acquiring) }
        set { replaced.store(newValue, ordering: .releasing) }
    }

    /// Whether a plugin that was ready once is asked again: `monitor continuously` of `ready`, in any block.
    package var monitorsContinuously: Bool {
        get { state.withLock { $0.monitorsContinuously } }
        set { state.withLock { $0.monitorsContinuously = newValue } }
    }

    /// Makes `ready` wait for a plugin. Called for the plugins of those blocks that have `ready`.
    ///
    /// - Parameter isReady: called by any thread, while readiness is asked for; must not block.
    package func addReadiness(_ plugin: String, _ isReady: @escaping @Sendable () -> Bool) {
        state.withLock { $0.plugins.append(Readiness(plugin: plugin, isReady: isReady)) }
    }

    /// The names of the plugins that are not ready, each once, in alphabetical order.
    package func pluginsNotReady() -> [String] {
        let (plugins, continuously) = state.withLock { ($0.plugins, $0.monitorsContinuously) }
        var waiting: Set<String> = []
        for (place, entry) in plugins.enumerated() where continuously || !entry.wasReady {
            if entry.isReady() {
                // Plugins are only ever added, so that the place stays the same, or all removed.
                state.withLock { if $0.plugins.indices.contains(place) { $0.plugins[place].wasReady = true } }
            } else {
                waiting.insert(entry.plugin)
            }
        }
        return waiting.sorted()
    }

    /// Forgets what `ready` waits for: the configuration is no longer in use.
    package func removeReadiness() {
        // Released outside of the lock: the closures hold plugins.
        let forgotten = state.withLock { state in
            let all = state.plugins
            state.plugins = []
            return all
        }
        withExtendedLifetime(forgotten) {}
    }
}
