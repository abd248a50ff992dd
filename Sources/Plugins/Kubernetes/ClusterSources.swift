import ClusterZone
import KubernetesAPI
import PluginKit
import RecordIndex
import Synchronization

/// The sources of all `kubernetes` blocks of a configuration: blocks that need the same objects share one, so that a
/// cluster is watched once however many zones are served from it.
final class ClusterSources: Sendable {
    private let sources = Mutex<[KubernetesOptions.SourceKey: SharedSource]>([:])

    private init() {}

    /// The sources of the process that `process` stands for.
    static func of(_ process: ProcessContext) -> ClusterSources {
        process.shared { ClusterSources() }
    }

    /// The source that `options` asks for.
    func source(_ options: KubernetesOptions, _ process: ProcessContext) -> any ClusterSource {
        sources.withLock { sources in
            if let found = sources[options.sourceKey] { return found }
            let made = SharedSource(Self.make(options, process))
            sources[options.sourceKey] = made
            return made
        }
    }

    /// Whether another block, which needs other objects, keeps its last state in the file that `options` names: each would
    /// write over what the other saved.
    func sharesLastState(_ options: KubernetesOptions) -> Bool {
        guard options.isLive, let path = options.lastStatePath else { return false }
        return sources.withLock { sources in
            sources.keys.contains {
                $0.source == .cluster && $0.lastStatePath == path && $0 != options.sourceKey
            }
        }
    }

    private static func make(_ options: KubernetesOptions, _ process: ProcessContext) -> any ClusterSource {
        switch options.source {
        case .snapshot(let paths): SnapshotFollower(paths: paths, options: options.zone, process: process)
        case .cluster: LiveCluster(options, process)
        }
    }
}

/// A source that several blocks start and stop: the first start and the last stop count.
final class SharedSource: ClusterSource {
    /// The one source.
    let source: any ClusterSource
    private let users = Mutex(0)

    init(_ source: any ClusterSource) { self.source = source }

    var index: RecordIndex { source.index }
    var external: Published<ExternalServices> { source.external }
    var isReady: Bool { source.isReady }

    func keepExternalServices() { source.keepExternalServices() }
    func keepPodAddresses() { source.keepPodAddresses() }
    func pod(at address: AddressKey) -> PodObject? { source.pod(at: address) }

    func start() throws(StartError) {
        let isFirst = users.withLock { users in
            users += 1
            return users == 1
        }
        if isFirst { try source.start() }
    }

    func stop() {
        let isLast = users.withLock { users in
            guard users > 0 else { return false }
            users -= 1
            return users == 0
        }
        if isLast { source.stop() }
    }
}
