import ClusterZone
import Corefile

/// What a `kubernetes` directive says.
struct KubernetesOptions {
    /// Where the objects come from.
    enum Source: Hashable {
        /// Files that kubectl wrote; paths as the block resolves them.
        case snapshot([String])
        /// The API server, reached as the options say.
        case cluster
    }

    /// The zones, fully qualified, in lower case.
    var zones: [String] = []
    /// The first zone that is not a reverse one.
    var primaryZone = ""
    var multiclusterZones: [String] = []
    var source = Source.cluster
    /// What decides which records there are.
    var zone = ZoneOptions()
    /// What decides how questions are answered.
    var answers = ClusterOptions()
    /// `fallthrough`: the zones whose unknown names go on to the next plugin; nil for none.
    var fallthroughZones: [String]?
    /// How long the start waits for the first sync, in nanoseconds.
    var startupTimeout: Int64 = 5_000_000_000
    var endpoint: String?
    var tlsFiles: [String] = []
    var kubeconfig: String?
    var kubeconfigContext: String?
    /// Requests a second to the API server; 0 leaves it open.
    var apiRate = 0.0
    var apiBurst = 0
    var apiMaxInflight = 0
    /// `last_state`: the file that keeps the last synced state; nil for none.
    var lastStatePath: String?
    /// Whether the block's `k8s_external` needs services' addresses outside of the cluster.
    var keepsExternalServices = false
    /// Whether the block's `metadata` needs to know pods by their addresses.
    var keepsPodAddresses = false

    /// Whether the objects come from an API server.
    var isLive: Bool { source == .cluster }
}

extension KubernetesOptions {
    /// What two blocks have to have in common to be served from one index, filled once.
    struct SourceKey: Hashable {
        var source: Source
        var zone: ZoneOptions
        var endpoint: String?
        var tlsFiles: [String]
        var kubeconfig: String?
        var kubeconfigContext: String?
        var lastStatePath: String?
        var keepsExternalServices: Bool
        var keepsPodAddresses: Bool
    }

    /// The key of the block's source.
    var sourceKey: SourceKey {
        SourceKey(
            source: source, zone: zone, endpoint: endpoint, tlsFiles: tlsFiles,
            kubeconfig: kubeconfig, kubeconfigContext: kubeconfigContext, lastStatePath: lastStatePath,
            keepsExternalServices: keepsExternalServices, keepsPodAddresses: keepsPodAddresses)
    }
}
