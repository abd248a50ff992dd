/// What DNS needs of a v1 Service.
package struct ServiceObject: Sendable, Hashable {
    /// `metadata.namespace`.
    package let namespace: String
    /// `metadata.name`.
    package let name: String
    /// `spec.type`; ClusterIP where the API leaves it out.
    package let type: ServiceType
    /// Whether the first cluster IP is `None`.
    package let isHeadless: Bool
    /// The cluster IPs, in the order of the object; empty for a headless service and one that has none (yet).
    package let clusterIPs: [IPAddress]
    /// `spec.externalName`, empty where there is none. May be an IP address, and may end in a dot.
    package let externalName: String
    /// `spec.ports`, in the order of the object.
    package let ports: [PortObject]
    /// Whether the service selects pods; one without a selector has its endpoints written by somebody else.
    package let hasSelector: Bool
    /// `spec.publishNotReadyAddresses`.
    package let publishNotReadyAddresses: Bool
    /// `spec.externalIPs`, then of each `status.loadBalancer.ingress` the IP or else the host name.
    package let externalAddresses: [HostAddress]
    /// `metadata.labels`; empty unless the reader was asked to keep them.
    package let labels: [String: String]

    /// The text that stands in place of an address in `clusterIPs` of a headless service.
    package static let headlessMark = "None"

    /// A service; everything but the name may be left out.
    package init(
        namespace: String, name: String, type: ServiceType = .clusterIP, isHeadless: Bool = false,
        clusterIPs: [IPAddress] = [], externalName: String = "", ports: [PortObject] = [], hasSelector: Bool = false,
        publishNotReadyAddresses: Bool = false, externalAddresses: [HostAddress] = [], labels: [String: String] = [:]
    ) {
        self.namespace = namespace
        self.name = name
        self.type = type
        self.isHeadless = isHeadless
        self.clusterIPs = clusterIPs
        self.externalName = externalName
        self.ports = ports
        self.hasSelector = hasSelector
        self.publishNotReadyAddresses = publishNotReadyAddresses
        self.externalAddresses = externalAddresses
        self.labels = labels
    }

    /// Namespace and name.
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
