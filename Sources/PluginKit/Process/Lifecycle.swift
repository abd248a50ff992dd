import Synchronization

/// Where the process stands between its start and its end, and what plugins have to say about that.
package final class Lifecycle: Sendable {
    /// One plugin that something has to happen for before it can answer.
    private struct Readiness {
        let plugin: String
        let isReady: @Sendable () -> Bool
        var wasReady = false
    }

    private struct State {
        var lameduck: UInt64 = 0
        var isStopping = false
        var monitorsContinuously = false
        var plugins: [Readiness] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// How long queries are answered after the signal to stop, in nanoseconds.
    package var lameduck: UInt64 { state.withLock { $0.lameduck } }

    /// Makes lameduck last for `nanoseconds` at least: of several `health` directives the longest counts.
    package func extendLameduck(to nanoseconds: UInt64) {
        state.withLock { $0.lameduck = max($0.lameduck, nanoseconds) }
    }

    /// True from the signal to stop onwards: `ready` says no from then on.
    package var isStopping: Bool {
        get { state.withLock { $0.isStopping } }
        set { state.withLock { $0.isStopping = newValue } }
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
                // Plugins are only ever added, so that the place stays the same.
                state.withLock { $0.plugins[place].wasReady = true }
            } else {
                waiting.insert(entry.plugin)
            }
        }
        return waiting.sorted()
    }
}
