import ClusterZone
import KubernetesAPI
import LinuxIO
import PluginKit
import RecordIndex
import Synchronization

/// A cluster that is watched: takes what the watcher sees into the cluster's state, and publishes it.
///
/// What was known stays known: nothing that the API server does or fails to do takes an answer away.
final class LiveCluster: ClusterSource, WatchSink {
    let index = RecordIndex()
    let external = Published(ExternalServices())
    private let options: KubernetesOptions
    private let process: ProcessContext
    private let streams: [WatchStream]
    private let state: Mutex<State>
    /// Told once: everything that can be had for a start is there.
    private let settled = Stopper()
    private let metrics: KubernetesMetrics
    private let lastState: LastState?

    private struct State {
        var cluster: ClusterState
        var progress: [WatchStream: StreamProgress] = [:]
        /// Whether what is known is published; nothing is before all streams are settled, or the start has waited enough.
        var publishes = false
        /// Whether answers come from a saved state still.
        var servesLastState = false
        /// The streams of slices that are being listed.
        var replacing: Set<WatchStream> = []
        /// Changes that the next publication makes visible: when each happened (nanoseconds since 1970), and to what.
        var pending: [(kind: KubernetesMetrics.ServiceKind, time: Int64)] = []
        var watcher: ClusterWatcher?
        /// Whether the start need not wait any longer.
        var isSettled = false
        /// Whether everything is known, and published.
        var isSynced = false
    }

    /// Most changes that are timed in one publication.
    private static let mostPending = 1024
    /// How long a start waits before it says that it does, in milliseconds (CoreDNS).
    private static let patienceMilliseconds: Int32 = 500

    init(_ options: KubernetesOptions, _ process: ProcessContext) {
        self.options = options
        self.process = process
        streams = options.streams
        metrics = KubernetesMetrics.of(process)
        var zone = options.zone
        // The streams' selectors leave only what has the labels, which therefore need not be kept.
        zone.labels = nil
        var state = State(cluster: ClusterState(options: zone))
        for stream in streams { state.progress[stream] = StreamProgress() }
        self.state = Mutex(state)
        lastState = options.lastStatePath.map { LastState(path: $0, options: options, process: process) }
        var nothing = IndexChange()
        nothing.gaps = Self.gaps(state)
        index.apply(nothing, serial: 0)
    }

    // MARK: Start and end

    func keepExternalServices() { state.withLock { $0.cluster.keepsExternal = true } }

    func keepPodAddresses() { state.withLock { $0.cluster.keepsPodAddresses = true } }

    func pod(at address: AddressKey) -> PodObject? { state.withLock { $0.cluster.pod(at: address) } }

    func checkStart() throws(StartError) { try options.checkServer() }

    func start() throws(StartError) {
        // What a reload takes the place of can answer still, and knows more than a file.
        let hasState = !process.isReload && restore()
        let watcher = try options.makeWatcher(streams, self, process)
        state.withLock { $0.watcher = watcher }
        registerMetrics()
        do throws(SystemError) {
            try watcher.start()
            try lastState?.start { [weak self] in self?.cluster }
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
        if !hasState { waitForSync() }
    }

    /// Waits until everything is known, at most `startup_timeout`.
    private func waitForSync() {
        let timeout = Int32(clamping: max(0, options.startupTimeout) / 1_000_000)
        guard settled.wait(milliseconds: min(timeout, Self.patienceMilliseconds)) else { return }
        process.log.info("plugin/kubernetes: waiting for Kubernetes API before starting server")
        if timeout > Self.patienceMilliseconds,
            !settled.wait(milliseconds: timeout - Self.patienceMilliseconds)
        {
            return
        }
        state.withLock { $0.publishes = true }
        flush()
        process.log.warning(
            "plugin/kubernetes: starting server with unsynced Kubernetes API: what is not known is answered SERVFAIL")
    }

    func stop() {
        // A start that waits for the first sync waits no longer.
        settled.stop()
        let watcher = state.withLock { state in
            let watcher = state.watcher
            state.watcher = nil
            return watcher
        }
        watcher?.stop()
        lastState?.stop()
        metrics.removeCluster(self)
    }

    var isReady: Bool {
        state.withLock { $0.servesLastState || $0.isSynced }
    }

    // MARK: What the watcher sees

    func apply(_ change: BodyEvent.Change, _ object: WatchedObject, version: String, triggerTime: Int64?) {
        state.withLock { state in
            state.cluster.apply(change, object)
            // A list shows what has long been there, and so does a watch that begins with what there is.
            guard change != .listed, let triggerTime, case .endpointSlice(let slice) = object,
                !state.replacing.contains(where: { $0.namespace == nil || $0.namespace == slice.namespace }),
                state.pending.count < Self.mostPending, let name = slice.serviceName,
                // CoreDNS: only where the service is known.
                let service = state.cluster.traits(ofService: ObjectKey(namespace: slice.namespace, name: name))
            else { return }
            let headless: KubernetesMetrics.ServiceKind =
                service.hasSelector ? .headlessWithSelector : .headlessWithoutSelector
            state.pending.append((service.isHeadless ? headless : .clusterIP, triggerTime))
        }
    }

    func beginReplace(_ stream: WatchStream) {
        state.withLock { state in
            state.cluster.beginReplace(stream.resource, namespace: stream.namespace)
            if stream.resource == .endpointSlices { state.replacing.insert(stream) }
        }
    }

    func endReplace(_ stream: WatchStream) {
        state.withLock { state in
            state.cluster.endReplace(stream.resource, namespace: stream.namespace)
            state.replacing.remove(stream)
            state.progress[stream]?.lists &+= 1
        }
    }

    func keep(_ key: ObjectKey, _ stream: WatchStream) {
        state.withLock { $0.cluster.keep(stream.resource, key) }
    }

    func sawActivity(_ stream: WatchStream) {
        let now = process.clock.monotonic()
        state.withLock { $0.progress[stream]?.lastActivity = now }
    }

    func changed(_ stream: WatchStream, _ new: WatchState) {
        state.withLock { state in
            state.progress[stream]?.state = new
            if new == .synced { state.progress[stream]?.wasSynced = true }
            if stream.resource == .namespaces, let namespace = stream.namespace {
                // A Role cannot grant the namespace's own object: whoever may read what is in it may take it as given,
                // until the object can be read after all.
                if new == .forbidden || new == .synced {
                    state.cluster.assumeNamespace(namespace, exists: new == .forbidden)
                    state.progress[stream]?.wasSynced = true
                }
            }
        }
        flush()
    }

    /// What a publication brought about, to be told once the lock is free.
    private struct Publication {
        /// Whether an answer changed.
        var isNew = false
        /// The changes that it made visible.
        var times: [(kind: KubernetesMetrics.ServiceKind, time: Int64)] = []
        /// What is known, where that is everything for the first time.
        var synced: String?
    }

    /// Publishes what has changed, in one step.
    func flush() {
        let serial = UInt32(truncatingIfNeeded: process.clock.wall().seconds)
        let publication = state.withLock { state -> Publication in
            let isSettled = state.progress.values.allSatisfy(\.isSettled)
            if isSettled { state.publishes = true }
            // Before the first lists are all there (or refused) a part would be compiled twice, and help nobody.
            guard state.publishes else { return Publication() }
            var change = state.cluster.takeChange() ?? IndexChange()
            if let services = state.cluster.takeExternal() { external.publish(services) }
            change.gaps = state.servesLastState ? [] : Self.gaps(state)
            var publication = Publication(isNew: index.apply(change, serial: serial).isPublished, times: state.pending)
            state.pending.removeAll(keepingCapacity: true)
            // Said only now that it is published: whoever waits for it asks at once.
            if !state.isSynced, Self.isComplete(state) {
                state.isSynced = true
                publication.synced = summary(state)
                state.servesLastState = false
            }
            if isSettled, !state.isSettled {
                state.isSettled = true
                settled.stop()
            }
            return publication
        }
        if let summary = publication.synced {
            process.log.info(summary)
            // Reading the first lists leaves buffers behind that are not needed again.
            MemoryAllocator.trim()
            lastState?.changed()
        }
        guard publication.isNew else { return }
        let wall = process.clock.wall()
        let now = wall.seconds &* 1_000_000_000 &+ Int64(wall.nanoseconds)
        for (kind, time) in publication.times {
            metrics.observeProgramming(kind, seconds: max(0, Double(now &- time) / 1e9))
        }
        lastState?.changed()
    }

    /// The line that says that everything is known.
    private func summary(_ state: borrowing State) -> String {
        var counts: [String] = []
        for resource in WatchedResource.allCases where streams.contains(where: { $0.resource == resource }) {
            counts.append("\(state.cluster.objectCount(resource)) \(resource.plural)")
        }
        return "plugin/kubernetes: synced with the Kubernetes API: \(counts.joined(separator: ", "))"
            + (state.servesLastState ? "; the last state is no longer in use" : "")
    }

    // MARK: What is known

    private static func isComplete(_ state: borrowing State) -> Bool {
        state.progress.values.allSatisfy(\.wasSynced)
    }

    /// What is not known yet.
    private static func gaps(_ state: borrowing State) -> IndexGaps {
        var gaps: IndexGaps = []
        for (stream, progress) in state.progress where !progress.wasSynced {
            switch stream.resource {
            case .namespaces: gaps.insert(.namespaces)
            case .services: gaps.insert(.services)
            case .endpointSlices: gaps.insert(.endpoints)
            case .pods: gaps.insert(.pods)
            case .serviceImports: gaps.insert(.imports)
            }
        }
        return gaps
    }

    /// The cluster's state for saving; nil while it is not complete.
    private var cluster: ClusterState? {
        state.withLock { state in Self.isComplete(state) ? state.cluster : nil }
    }

    private func restore() -> Bool {
        guard let lastState, let objects = lastState.load() else { return false }
        state.withLock { state in
            var change = state.cluster.replace(with: objects)
            if let services = state.cluster.takeExternal() { external.publish(services) }
            change.gaps = []
            index.apply(change, serial: UInt32(truncatingIfNeeded: process.clock.wall().seconds))
            state.servesLastState = true
            state.publishes = true
        }
        MemoryAllocator.trim()
        return true
    }

    private func registerMetrics() {
        metrics.addCluster(self) { [weak self] in
            guard let self else { return [] }
            let now = process.clock.monotonic()
            return state.withLock { state in
                Set(streams.map(\.resource)).map { resource in
                    let streams = state.progress.filter { $0.key.resource == resource }.map(\.value)
                    let idle = streams.compactMap(\.lastActivity).map { Double(now &- min(now, $0)) / 1e9 }.max()
                    return KubernetesMetrics.ResourceState(
                        resource: resource, objects: state.cluster.objectCount(resource), idleSeconds: idle,
                        // The first list of a stream replaces nothing.
                        relists: streams.reduce(0) { $0 &+ ($1.lists > 0 ? $1.lists &- 1 : 0) },
                        isSynced: streams.allSatisfy(\.wasSynced))
                }
            }
        } servesLastState: { [weak self] in
            self?.state.withLock { $0.servesLastState } == true ? 1 : 0
        }
    }
}
