/// A multicluster.x-k8s.io/v1alpha1 ServiceImport.
package struct ScriptedServiceImport: Sendable, Hashable {
    package var metadata: ScriptedMetadata
    /// ClusterSetIP or Headless.
    package var type: String
    package var ips: [String]
    package var ports: [ScriptedService.Port]
    /// `status.clusters`.
    package var clusters: [String]

    /// An import; without addresses it is headless.
    package init(
        namespace: String, name: String, ips: [String] = [],
        ports: [ScriptedService.Port] = [ScriptedService.Port("http", 80)], clusters: [String] = ["cluster-a"]
    ) {
        metadata = ScriptedMetadata(namespace: namespace, name: name, salt: "import")
        metadata.generation = 1
        type = ips.isEmpty ? "Headless" : "ClusterSetIP"
        self.ips = ips
        self.ports = ports
        self.clusters = clusters
    }
}
