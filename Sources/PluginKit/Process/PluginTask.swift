import LinuxIO
import Synchronization

/// What a plugin does at certain times on a thread of its own, between its start and its stop: following a file, say.
package final class PluginTask: Sendable {
    private let running = Mutex<ScheduledTask?>(nil)

    /// Nothing runs before `start`.
    package init() {}

    /// Starts the thread. To be called once.
    ///
    /// - Parameters:
    ///   - directive: of the plugin, for the error.
    ///   - name: the thread's.
    ///   - niceness: as that of `ScheduledTask`.
    ///   - work: runs on the thread; it must not keep the plugin alive.
    /// - Throws: what pthread_create(3) says.
    package func start(
        _ directive: String, name: String, clock: Clock, niceness: Int32 = 0, work: @escaping ScheduledTask.Work
    ) throws(StartError) {
        let task = ScheduledTask(name: name, clock: clock, niceness: niceness, work: work)
        do throws(SystemError) {
            try task.start()
        } catch {
            throw StartError("plugin/\(directive): \(error)")
        }
        running.withLock { $0 = task }
    }

    /// Makes the work run now, where there is a thread. Any thread may call it.
    package func wake() { running.withLock { $0 }?.wake() }

    /// Ends the thread, once what it is just doing is done. May be called more than once, and without a start.
    package func stop() {
        let task = running.withLock { task in
            defer { task = nil }
            return task
        }
        task?.stop()
    }
}
