import ClusterZone
import KubernetesAPI
import PluginKit
import RecordIndex
import Synchronization

/// The sources of all `kubernetes` blocks of a configuration: blocks that need the same objects share one, so that a
/// cluster is watched once however many zones are served from it. What a configuration before it watches already is carried
/// over.
final class ClusterSources: Sendable {
    private let sources = Mutex<[KubernetesOptions.SourceKey: SharedSource]>([:])

    private init() {}

    /// The sources of the configuration that `process` belongs to.
    static func of(_ process: ProcessContext) -> ClusterSources {
        process.configured { ClusterSources() }
    }

    /// The source that `options` asks for.
    func source(_ options: KubernetesOptions, _ process: ProcessContext) -> any ClusterSource {
        let running = RunningSources.of(process)
        return sources.withLock { sources in
            if let found = sources[options.sourceKey] { return found }
            let limits = RunningSources.Limits(options)
            let made =
                running.source(options.sourceKey, limits)
                ?? SharedSource(Self.make(options, process), options.sourceKey, limits, running)
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
        if ExplainedClusters.of(process).isOn { return ExplainedCluster(options, process) }
        return switch options.source {
        case .snapshot(let paths): SnapshotFollower(paths: paths, options: options.zone, process: process)
        case .cluster: LiveCluster(options, process)
        }
    }
}
