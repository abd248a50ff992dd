/// A multicluster.x-k8s.io/v1alpha1 ServiceImport, as far as DNS needs it: a service of a cluster set.
package struct ServiceImportObject: Sendable, Hashable {
    /// `metadata.namespace`.
    package let namespace: String
    /// `metadata.name`.
    package let name: String
    /// Whether `spec.type` is Headless; the only other one is ClusterSetIP.
    package let isHeadless: Bool
    /// `spec.ips`, in the order of the object.
    package let addresses: [IPAddress]
    /// `spec.ports`, in the order of the object.
    package let ports: [PortObject]
    /// `metadata.labels`; empty unless the reader was asked to keep them.
    package let labels: [String: String]

    /// An imported service.
    package init(
        namespace: String, name: String, isHeadless: Bool = false, addresses: [IPAddress] = [],
        ports: [PortObject] = [], labels: [String: String] = [:]
    ) {
        self.namespace = namespace
        self.name = name
        self.isHeadless = isHeadless
        self.addresses = addresses
        self.ports = ports
        self.labels = labels
    }

    /// Namespace and name.
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
