/// What DNS needs of a v1 Endpoints object, which has the name of its service.
///
/// EndpointSlices took its place; it counts only where a service has no slice.
package struct EndpointsObject: Sendable, Hashable {
    /// Addresses that share a set of ports (`subsets[]`).
    package struct Subset: Sendable, Hashable {
        /// The addresses that take traffic.
        package let ready: [Address]
        /// The addresses that do not (`notReadyAddresses`).
        package let notReady: [Address]
        /// The ports of every address of the subset.
        package let ports: [EndpointPortObject]

        /// A subset.
        package init(ready: [Address], notReady: [Address] = [], ports: [EndpointPortObject] = []) {
            self.ready = ready
            self.notReady = notReady
            self.ports = ports
        }
    }

    /// One address of a subset.
    package struct Address: Sendable, Hashable {
        /// The IP address.
        package let address: IPAddress
        /// The endpoint's host name; nil where it has none.
        package let hostname: String?
        /// The object behind the endpoint; nil where there is none.
        package let target: TargetReference?

        /// An address.
        package init(address: IPAddress, hostname: String? = nil, target: TargetReference? = nil) {
            self.address = address
            self.hostname = hostname
            self.target = target
        }
    }

    /// `metadata.namespace`.
    package let namespace: String
    /// `metadata.name`, the name of the service too.
    package let name: String
    /// `subsets`.
    package let subsets: [Subset]
    /// `metadata.labels`; empty unless the reader was asked to keep them.
    package let labels: [String: String]

    /// An Endpoints object.
    package init(namespace: String, name: String, subsets: [Subset] = [], labels: [String: String] = [:]) {
        self.namespace = namespace
        self.name = name
        self.subsets = subsets
        self.labels = labels
    }

    /// Namespace and name, of the service too.
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}
