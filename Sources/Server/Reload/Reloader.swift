import Corefile
import LinuxIO
import PluginKit
import Plugins
import Synchronization

/// Reads the Corefile again: at the interval that `reload` says, and when a signal asks for it. What has changed takes the place
/// of the configuration at work; where anything is wrong, that goes on.
///
/// What it does is `look`, on a thread of its own.
package final class Reloader: Sendable {
    /// How much longer than the interval a version that could not be started is left alone at most before it is tried again:
    /// what was in its way may have gone. What is wrong with the file itself is no better the second time.
    private static let longestPause: UInt64 = 16

    private let server: Server
    private let read: @Sendable () -> CorefileVersion
    private let log: Log
    private let metrics: ReloadMetrics
    private let clock: Clock
    private let task = Mutex<ScheduledTask?>(nil)
    private let isAsked = Atomic(false)
    private let isForbidden = Atomic(false)
    private let state: Mutex<State>

    private struct State {
        /// The version at work.
        var running: String
        /// The version that came to nothing, which is said once.
        var failed: String?
        /// When that is tried again all the same, and how many intervals later after that; nil where the file is to blame.
        var retryAt: UInt64?
        var pause: UInt64 = 1
        var random: FastRandom
        /// Nanoseconds between two looks; nil where there are none.
        var interval: UInt64?
        var nextLook: UInt64?
    }

    /// - Parameters:
    ///   - server: started already.
    ///   - version: the hash of what it serves.
    ///   - random: for the jitter.
    ///   - read: reads the Corefile.
    package init(
        _ server: Server, version: String, random: FastRandom, read: @escaping @Sendable () -> CorefileVersion
    ) {
        let process = server.configuration.process
        self.server = server
        self.read = read
        log = process.log
        clock = process.clock
        metrics = ReloadMetrics.of(process)
        state = Mutex(State(running: version, random: random))
        setRunning(version, now: clock.monotonic())
    }

    /// Starts the thread, at the end of which is `stop`.
    package func start() throws(SystemError) {
        let task = ScheduledTask(name: "reload", clock: clock) { [weak self] now in self?.look(now) }
        server.onRetired { [weak task] in task?.wake() }
        self.task.withLock { $0 = task }
        try task.start()
    }

    /// Has the Corefile taken now, whether or not it has changed (CoreDNS: SIGUSR1). Any thread may call it.
    package func reloadNow() {
        isAsked.store(true, ordering: .sequentiallyConsistent)
        task.withLock { $0 }?.wake()
    }

    /// Breaks off a reload that is under way, and begins none any more: the process is about to end.
    package func forbid() {
        isForbidden.store(true, ordering: .sequentiallyConsistent)
        server.forbidReloads()
    }

    /// Ends the thread.
    package func stop() {
        forbid()
        let task = task.withLock { task in
            defer { task = nil }
            return task
        }
        task?.stop()
    }

    /// Does what is due at `now` (monotonic nanoseconds), and says when there is something next; nil for not before it is
    /// asked for.
    package func look(_ now: UInt64) -> UInt64? {
        server.sweep()
        if isForbidden.load(ordering: .sequentiallyConsistent) { return nil }
        if isAsked.exchange(false, ordering: .sequentiallyConsistent) {
            log.info("SIGUSR1: Reloading")
            take(read(), now, because: "SIGUSR1: ")
        } else if let due = state.withLock({ $0.nextLook }), now >= due {
            lookAtFile(now)
        } else {
            return state.withLock { $0.nextLook }
        }
        return state.withLock { state in
            state.nextLook = state.interval.map { clock.monotonic() &+ $0 }
            return state.nextLook
        }
    }

    private func lookAtFile(_ now: UInt64) {
        let version = read()
        let isNew = state.withLock { state in
            if version.hash == state.running {
                // Whatever was wrong in between has been taken back.
                state.failed = nil
                return false
            }
            guard version.hash == state.failed else { return true }
            return state.retryAt.map { now >= $0 } ?? false
        }
        if isNew { take(version, now, because: "plugin/reload: Corefile changed but reload failed: ") }
    }

    /// Puts a version to work.
    private func take(_ version: CorefileVersion, _ now: UInt64, because prefix: String) {
        log.info("Reloading")
        // `debug` holds for the configuration that has it.
        let wasDebugging = log.isDebugging
        do {
            let loaded = try version.outcome.get()
            for warning in loaded.corefile.warnings { log.warning("\(warning)") }
            log.isDebugging = false
            let process = ProcessContext(succeeding: server.configuration.process)
            let configuration = try Configuration(loaded.corefile, directory: loaded.directory, process: process)
            guard !configuration.listeners.isEmpty else {
                throw StartError("no server block found, expected at least one")
            }
            try server.reload(configuration)
            setRunning(version.hash, now: now)
            log.info("Reloading complete")
        } catch {
            log.isDebugging = wasDebugging
            metrics.countFailure()
            log.error("\(prefix)\(error)")
            noteFailure(version, now, mayPass: error is StartError)
        }
    }

    private func setRunning(_ hash: String, now: UInt64) {
        let configured = server.configuration.process.reloadInterval
        state.withLock { state in
            state.running = hash
            state.failed = nil
            state.retryAt = nil
            state.pause = 1
            var random = state.random
            state.interval = configured?.drawn(&random)
            state.random = random
            state.nextLook = state.interval.map { now &+ $0 }
        }
        metrics.setRunning(hash)
        if configured != nil { log.info("plugin/reload: Running configuration SHA512 = \(hash)") }
    }

    private func noteFailure(_ version: CorefileVersion, _ now: UInt64, mayPass: Bool) {
        state.withLock { state in
            if state.failed != version.hash { state.pause = 1 }
            state.failed = version.hash
            state.retryAt = nil
            guard mayPass, let interval = state.interval else { return }
            state.retryAt = now &+ interval &* state.pause
            state.pause = min(2 * state.pause, Self.longestPause)
        }
    }
}
