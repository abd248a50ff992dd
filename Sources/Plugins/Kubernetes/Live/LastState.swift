import ClusterZone
import KubernetesAPI
import LinuxIO
import PluginKit
import Synchronization

/// `last_state PATH`: keeps the last synced state of a cluster in a file, so that a restart while the API server is away
/// has something to answer with.
final class LastState: Sendable {
    /// Least time between two versions of the file, in nanoseconds: a disk is no place for every change of a large cluster.
    private static let interval: UInt64 = 5_000_000_000
    /// How long after a version that could not be written the next is tried: a full disk is not empty in seconds.
    private static let patience: UInt64 = 30_000_000_000
    /// The annotation of the list that says which options the objects were read with.
    private static let optionsAnnotation = "apodns.io/options"
    /// The annotation that says when the state was saved, seconds since 1970.
    private static let savedAnnotation = "apodns.io/saved"

    private let path: String
    private let fingerprint: String
    private let process: ProcessContext
    private let owners: LastStateOwners
    private let state = Mutex(State())

    private struct State {
        var task: ScheduledTask?
        var source: (@Sendable () -> ClusterState?)?
        /// Whether there is something that the file does not have.
        var isDirty = false
        /// When the file was written last, monotonic nanoseconds.
        var written: UInt64?
        /// Whether writing failed last time: said once, and once when it works again.
        var hasFailed = false
    }

    init(path: String, options: KubernetesOptions, process: ProcessContext) {
        self.path = path
        self.process = process
        owners = LastStateOwners.of(process)
        fingerprint = options.zone.description
    }

    /// The saved objects; nil where there are none that can be used, which is logged.
    func load() -> ClusterObjects? {
        guard (try? FileStamp.current(path)) != nil else {
            process.log.info("plugin/kubernetes: no last state at \(path) yet")
            return nil
        }
        do throws(SnapshotError) {
            let saved = try SavedState.read(path: path)
            let options = saved.annotations[Self.optionsAnnotation] ?? "none"
            guard options == fingerprint else {
                process.log.warning(
                    "plugin/kubernetes: the last state at \(path) was saved with other options (\(options)), "
                        + "expected \(fingerprint): it is not used")
                return nil
            }
            let seconds = saved.annotations[Self.savedAnnotation].flatMap { Int64($0) }
            let age = seconds.map { "saved \(max(0, process.clock.wall().seconds &- $0)) s ago" } ?? "of unknown age"
            process.log.warning(
                "plugin/kubernetes: answering from the last state at \(path), \(age), until the Kubernetes API is synced"
            )
            return saved.objects
        } catch {
            process.log.error("plugin/kubernetes: \(error); starting without a last state")
            return nil
        }
    }

    /// Begins to save what `source` gives; nil from it means that there is nothing complete to save.
    func start(_ source: @escaping @Sendable () -> ClusterState?) throws(SystemError) {
        owners.add(self, path)
        // Saving can wait for everything else.
        let task = ScheduledTask(name: "last-state", clock: process.clock, niceness: 10) { [weak self] now in
            self?.saveIfDue(now)
        }
        state.withLock { state in
            state.source = source
            state.task = task
        }
        try task.start()
    }

    /// Says that there is something new to save.
    func changed() {
        let task = state.withLock { state -> ScheduledTask? in
            guard !state.isDirty else { return nil }
            state.isDirty = true
            return state.task
        }
        task?.wake()
    }

    /// Saves what is not saved yet and ends.
    func stop() {
        let task = state.withLock { state in
            let task = state.task
            state.task = nil
            return task
        }
        task?.stop()
        if state.withLock({ $0.isDirty }) { save(process.clock.monotonic()) }
        owners.remove(self, path)
    }

    /// Saves if something is new and the last time is long enough ago; returns when to look again.
    private func saveIfDue(_ now: UInt64) -> UInt64? {
        let due = state.withLock { state -> UInt64? in
            guard state.isDirty else { return nil }
            return state.written.map { $0 &+ (state.hasFailed ? Self.patience : Self.interval) } ?? now
        }
        guard let due else { return nil }
        if due > now { return due }
        save(now)
        return state.withLock { $0.isDirty } ? now &+ Self.interval : nil
    }

    private func save(_ now: UInt64) {
        let source = state.withLock { state in
            state.isDirty = false
            state.written = now
            return state.source
        }
        // The file is for the options of the newest configuration.
        guard owners.isOwner(self, path), let cluster = source?() else { return }
        var writer = SnapshotWriter(annotations: [
            (Self.optionsAnnotation, fingerprint), (Self.savedAnnotation, "\(process.clock.wall().seconds)"),
        ])
        for object in cluster.namespaceObjects { writer.add(object) }
        for object in cluster.serviceObjects { writer.add(object) }
        for object in cluster.sliceObjects { writer.add(object) }
        for object in cluster.podObjects { writer.add(object) }
        for object in cluster.importObjects { writer.add(object) }
        do throws(SystemError) {
            try ReplaceFile.write(writer.finish(), to: path)
            report(nil)
        } catch {
            report(error)
        }
        MemoryAllocator.trim()
    }

    private func report(_ error: SystemError?) {
        let hadFailed = state.withLock { state in
            defer { state.hasFailed = error != nil }
            // What could not be written is still to be.
            if error != nil { state.isDirty = true }
            return state.hasFailed
        }
        if let error, !hadFailed {
            process.log.error("plugin/kubernetes: the last state cannot be saved: \(error)")
        } else if error == nil, hadFailed {
            process.log.info("plugin/kubernetes: the last state is saved again at \(path)")
        }
    }
}
