/// What DNS needs of a v1 Pod.
package struct PodObject: Sendable, Hashable {
    /// `metadata.namespace`.
    package let namespace: String
    /// `metadata.name`.
    package let name: String
    /// `status.podIP`, then those of `status.podIPs` that are not the same. Empty before the pod has a network.
    package let addresses: [IPAddress]
    /// `status.phase`; `unknown` where it is not given.
    package let phase: PodPhase
    /// Whether the pod is being deleted (`metadata.deletionTimestamp` is there). CoreDNS leaves such a pod out.
    package let isTerminating: Bool
    /// `spec.hostNetwork`: the pod's addresses are those of its node.
    package let usesHostNetwork: Bool
    /// `spec.hostname`; empty where it is not given.
    package let hostname: String
    /// `spec.subdomain`; empty where it is not given.
    package let subdomain: String
    /// `metadata.labels`; empty unless the reader was asked to keep them.
    package let labels: [String: String]

    /// A pod.
    package init(
        namespace: String, name: String, addresses: [IPAddress] = [], phase: PodPhase = .running,
        isTerminating: Bool = false, usesHostNetwork: Bool = false, hostname: String = "", subdomain: String = "",
        labels: [String: String] = [:]
    ) {
        self.namespace = namespace
        self.name = name
        self.addresses = addresses
        self.phase = phase
        self.isTerminating = isTerminating
        self.usesHostNetwork = usesHostNetwork
        self.hostname = hostname
        self.subdomain = subdomain
        self.labels = labels
    }

    /// Namespace and name.
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
