import ClusterZone
import KubernetesAPI
import PluginKit
import RecordIndex
import Synchronization

/// The sources of a process that are at work: where a reload finds those that it can carry over.
final class RunningSources: Sendable {
    /// What blocks of one configuration may differ in and still share a source, but what a source cannot change.
    struct Limits: Hashable {
        let rate: Double
        let burst: Int
        let maxInflight: Int

        init(_ options: KubernetesOptions) {
            rate = options.apiRate
            burst = options.apiBurst
            maxInflight = options.apiMaxInflight
        }
    }

    private struct Key: Hashable {
        let source: KubernetesOptions.SourceKey
        let limits: Limits
    }

    private let sources = Mutex<[Key: SharedSource]>([:])

    static func of(_ process: ProcessContext) -> RunningSources { process.shared { RunningSources() } }

    /// The source at work that needs the same objects from the same place; nil where there is none.
    func source(_ key: KubernetesOptions.SourceKey, _ limits: Limits) -> SharedSource? {
        sources.withLock { $0[Key(source: key, limits: limits)] }
    }

    fileprivate func add(_ source: SharedSource) {
        sources.withLock { $0[Key(source: source.key, limits: source.limits)] = source }
    }

    fileprivate func remove(_ source: SharedSource) {
        let removed = sources.withLock { sources -> SharedSource? in
            let key = Key(source: source.key, limits: source.limits)
            return sources[key] === source ? sources.removeValue(forKey: key) : nil
        }
        withExtendedLifetime(removed) {}
    }
}

/// A source that several blocks start and stop, those of a configuration and of the one that takes its place: the first start
/// and the last stop count.
final class SharedSource: ClusterSource {
    /// The one source.
    let source: any ClusterSource
    let key: KubernetesOptions.SourceKey
    let limits: RunningSources.Limits
    private let running: RunningSources
    private let users = Mutex(0)

    init(
        _ source: any ClusterSource, _ key: KubernetesOptions.SourceKey, _ limits: RunningSources.Limits,
        _ running: RunningSources
    ) {
        self.source = source
        self.key = key
        self.limits = limits
        self.running = running
    }

    var index: RecordIndex { source.index }
    var external: Published<ExternalServices> { source.external }
    var isReady: Bool { source.isReady }

    func keepExternalServices() { source.keepExternalServices() }
    func keepPodAddresses() { source.keepPodAddresses() }
    func pod(at address: AddressKey) -> PodObject? { source.pod(at: address) }

    func checkStart() throws(StartError) { try source.checkStart() }

    func start() throws(StartError) {
        let isFirst = users.withLock { users in
            users += 1
            return users == 1
        }
        guard isFirst else { return }
        try source.start()
        // One that could not start is nothing to carry over.
        if users.withLock({ $0 > 0 }) { running.add(self) }
    }

    func stop() {
        let isLast = users.withLock { users in
            guard users > 0 else { return false }
            users -= 1
            return users == 0
        }
        guard isLast else { return }
        running.remove(self)
        source.stop()
    }
}
