import ClusterZone
import KubernetesAPI
import LinuxIO
import PluginKit
import RecordIndex
import Synchronization

/// Reads saved clusters, and reads them again when a file changes. A version that cannot be read is reported once, and the
/// one before stays.
final class SnapshotFollower: ClusterSource {
    /// How often the files are looked at, in milliseconds: a saved file is seen about as fast as a person can ask.
    private static let intervalMilliseconds: Int32 = 250

    private let paths: [String]
    let index = RecordIndex()
    let external = Published(ExternalServices())
    private let process: ProcessContext
    private let options: ZoneOptions
    private let state: Mutex<State>
    private let stopping = Stopper()

    private struct State {
        var cluster: ClusterState
        /// The files as read last.
        var stamps: [FileStamp?] = []
        /// The files as looked at last.
        var seen: [FileStamp?] = []
        var thread: Thread?
    }

    init(paths: [String], options: ZoneOptions, process: ProcessContext) {
        self.paths = paths
        self.process = process
        self.options = options
        state = Mutex(State(cluster: ClusterState(options: options)))
    }

    /// A snapshot is read before the first query, so nothing is ever waited for.
    var isReady: Bool { true }

    func keepExternalServices() { state.withLock { $0.cluster.keepsExternal = true } }

    func keepPodAddresses() { state.withLock { $0.cluster.keepsPodAddresses = true } }

    func pod(at address: AddressKey) -> PodObject? { state.withLock { $0.cluster.pod(at: address) } }

    func checkStart() throws(StartError) {
        do throws(SnapshotError) {
            warn(try SnapshotReader.read(paths: paths, detail: options.objectDetail))
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
    }

    /// Reads the files for the first time and begins to follow them.
    ///
    /// - Throws: what is wrong with them: a server that cannot answer its first query does not start.
    func start() throws(StartError) {
        let stamps = stampsNow
        do throws(SnapshotError) {
            let objects = try SnapshotReader.read(paths: paths, detail: options.objectDetail)
            take(objects, stamps)
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
        do throws(SystemError) {
            let thread = try Thread.spawn(name: "snapshot") { [self] in
                while stopping.wait(milliseconds: Self.intervalMilliseconds) { look() }
            }
            state.withLock { $0.thread = thread }
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
    }

    func stop() {
        stopping.stop()
        let thread = state.withLock { state in
            let thread = state.thread
            state.thread = nil
            return thread
        }
        thread?.join()
    }

    /// Reads the files if any of them is another than last time.
    func look() {
        let stamps = stampsNow
        // A pipe has nothing more to say, and opening it again could wait for ever.
        guard stamps.allSatisfy({ $0?.isRegular ?? true }) else { return }
        let isNew = state.withLock { state in
            // A file that is being written changes from look to look: read it once it has been the same twice.
            let isSettled = state.seen == stamps
            state.seen = stamps
            guard isSettled, state.stamps != stamps else { return false }
            // Noted before reading, so that what is wrong with a version is said once.
            state.stamps = stamps
            return true
        }
        guard isNew else { return }
        do throws(SnapshotError) {
            take(try SnapshotReader.read(paths: paths, detail: options.objectDetail), stamps)
            process.log.info("plugin/kubernetes: read \(paths.joined(separator: ", ")) again")
        } catch {
            process.log.error("plugin/kubernetes: \(error); the version read before stays in use")
        }
    }

    private var stampsNow: [FileStamp?] { paths.map { try? FileStamp.current($0) } }

    private func take(_ objects: ClusterObjects, _ stamps: [FileStamp?]) {
        let serial = UInt32(truncatingIfNeeded: process.clock.wall().seconds)
        state.withLock { state in
            state.stamps = stamps
            let change = state.cluster.replace(with: objects)
            if let services = state.cluster.takeExternal() { external.publish(services) }
            index.apply(change, serial: serial)
        }
        // Reading leaves a heap as large as the file behind; the objects are compiled, so it goes back to the system.
        MemoryAllocator.trim()
        warn(objects)
    }

    /// Says what files are short of, or have too much of.
    private func warn(_ objects: ClusterObjects) {
        if !objects.skippedKinds.isEmpty {
            let kinds = objects.skippedKinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            process.log.info(
                "plugin/kubernetes: \(paths.joined(separator: ", ")): passed over \(kinds.joined(separator: ", "))")
        }
        if options.servesImports, objects.serviceImports.isEmpty {
            process.log.warning(
                "plugin/kubernetes: no ServiceImport objects in \(paths.joined(separator: ", ")): "
                    + "no service answers in multicluster zones")
        }
        if objects.namespaces.isEmpty {
            process.log.warning(
                "plugin/kubernetes: no Namespace objects in \(paths.joined(separator: ", ")): those of the services count"
            )
        }
    }
}
