/// What DNS needs of a discovery.k8s.io/v1 EndpointSlice.
package struct EndpointSliceObject: Sendable, Hashable {
    /// `metadata.namespace`.
    package let namespace: String
    /// `metadata.name`.
    package let name: String
    /// The service that the slice belongs to, from `serviceNameLabel`; nil where the slice has no such label.
    package let serviceName: String?
    /// The ServiceImport that the slice belongs to, from `importNameLabel`; nil where the slice has no such label.
    package let importName: String?
    /// The cluster that the endpoints of an imported service are in, from `sourceClusterLabel`; nil where the slice has no
    /// such label.
    package let sourceCluster: String?
    /// `addressType`.
    package let addressType: AddressType
    /// `ports`, of every endpoint of the slice.
    package let ports: [EndpointPortObject]
    /// `endpoints`.
    package let endpoints: EndpointList
    /// `metadata.labels`; empty unless the reader was asked to keep them.
    package let labels: [String: String]

    /// The label that names a slice's service.
    package static let serviceNameLabel = "kubernetes.io/service-name"
    /// The label that names the ServiceImport of a slice (Multi-Cluster Services API).
    package static let importNameLabel = "multicluster.kubernetes.io/service-name"
    /// The label that names the cluster that a slice of a ServiceImport came from.
    package static let sourceClusterLabel = "multicluster.kubernetes.io/source-cluster"

    /// A slice.
    package init(
        namespace: String, name: String, serviceName: String?, importName: String? = nil, sourceCluster: String? = nil,
        addressType: AddressType = .ipv4, ports: [EndpointPortObject] = [], endpoints: EndpointList = [],
        labels: [String: String] = [:]
    ) {
        self.namespace = namespace
        self.name = name
        self.serviceName = serviceName
        self.importName = importName
        self.sourceCluster = sourceCluster
        self.addressType = addressType
        self.ports = ports
        self.endpoints = endpoints
        self.labels = labels
    }

    /// Namespace and name of the slice itself.
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
