import ClusterZone
import KubernetesAPI
import LinuxIO
import PluginKit
import RecordIndex
import Synchronization

/// The objects of a cluster as they are at one moment, with the index that a server would have of them: saved files are read
/// once, a live cluster is watched until all is known.
///
/// What a live cluster makes of what it sees is `LiveCluster`'s, which is told everything.
final class ExplainedCluster: ClusterSource, WatchSink {
    private let options: KubernetesOptions
    private let process: ProcessContext
    /// What publishes to the index: of saved files nothing does but `start`.
    private let live: LiveCluster?
    private let saved = RecordIndex()
    private let state: Mutex<State>
    private let settled = Stopper()

    private struct State {
        var objects = KnownObjects()
        var streams: [WatchStream: StreamProgress] = [:]
        /// The last thing that went wrong with the API server.
        var trouble: String?
    }

    init(_ options: KubernetesOptions, _ process: ProcessContext) {
        self.options = options
        self.process = process
        live = options.isLive ? LiveCluster(options, process) : nil
        var state = State()
        if options.isLive { for stream in options.streams { state.streams[stream] = StreamProgress() } }
        self.state = Mutex(state)
    }

    var index: RecordIndex { live?.index ?? saved }
    var external: Published<ExternalServices> { live?.external ?? savedExternal }
    private let savedExternal = Published(ExternalServices())
    var isReady: Bool { live?.isReady ?? true }
    private let keepsExternal = Atomic(false)

    func keepExternalServices() {
        keepsExternal.store(true, ordering: .relaxed)
        live?.keepExternalServices()
    }

    func keepPodAddresses() { live?.keepPodAddresses() }

    /// Nobody asks, so it is nobody's address.
    func pod(at address: AddressKey) -> PodObject? { nil }

    /// The objects that were seen.
    var objects: KnownObjects { state.withLock { $0.objects } }

    /// The resources that the API server does not give, each with how that is said.
    var refusals: [String] {
        state.withLock { state in
            state.streams.filter { !$0.value.wasSynced && !$0.key.isOneNamespaceObject && $0.value.isSettled }.map {
                $0.value.state == .forbidden
                    ? "the API server does not let \($0.key) be read (403)" : "the API server has no \($0.key) (404)"
            }.sorted()
        }
    }

    // MARK: Start and end

    func checkStart() throws(StartError) {}

    func start() throws(StartError) {
        if case .snapshot(let paths) = options.source { return try read(paths) }
        let watcher = try options.makeWatcher(options.streams, self, process, detail: .everything) {
            self.note($0)
        }
        do throws(SystemError) {
            try watcher.start()
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
        defer { watcher.stop() }
        let timeout = ExplainedClusters.of(process).timeout
        guard settled.wait(milliseconds: Int32(clamping: max(0, timeout) / 1_000_000)) else { return }
        let trouble = state.withLock { $0.trouble }
        throw StartError(
            "plugin/kubernetes: the Kubernetes API was not synced within \(describeDuration(timeout))"
                + (trouble.map { ": \($0)" } ?? ""))
    }

    func stop() { live?.stop() }

    private func read(_ paths: [String]) throws(StartError) {
        do throws(SnapshotError) {
            let objects = try SnapshotReader.read(paths: paths, detail: .everything)
            var cluster = ClusterState(options: options.zone)
            cluster.keepsExternal = keepsExternal.load(ordering: .relaxed)
            let change = cluster.replace(with: objects)
            if let services = cluster.takeExternal() { savedExternal.publish(services) }
            saved.apply(change, serial: UInt32(truncatingIfNeeded: process.clock.wall().seconds))
            state.withLock { $0.objects = KnownObjects(objects) }
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
    }

    private func note(_ notice: WatchNotice) {
        guard notice.level == .warning else { return }
        state.withLock { $0.trouble = "\(notice)" }
    }

    // MARK: What the watcher sees

    func apply(_ change: BodyEvent.Change, _ object: WatchedObject, version: String, triggerTime: Int64?) {
        state.withLock { $0.objects.apply(change, object) }
        live?.apply(change, object, version: version, triggerTime: triggerTime)
    }

    func beginReplace(_ stream: WatchStream) { live?.beginReplace(stream) }

    func endReplace(_ stream: WatchStream) { live?.endReplace(stream) }

    func keep(_ key: ObjectKey, _ stream: WatchStream) { live?.keep(key, stream) }

    func sawActivity(_ stream: WatchStream) { live?.sawActivity(stream) }

    func flush() { live?.flush() }

    func changed(_ stream: WatchStream, _ new: WatchState) {
        live?.changed(stream, new)
        let isSettled = state.withLock { state in
            state.streams[stream]?.state = new
            if new == .synced { state.streams[stream]?.wasSynced = true }
            return state.streams.values.allSatisfy(\.isSettled)
        }
        // Said only now that all of it is published.
        if isSettled { settled.stop() }
    }
}
