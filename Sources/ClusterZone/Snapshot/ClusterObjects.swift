import KubernetesAPI

/// The objects of a cluster that DNS is made of. Of each kind, no two have the same namespace and name.
package struct ClusterObjects: Sendable, Hashable {
    /// v1 Services.
    package var services: [ServiceObject]
    /// discovery.k8s.io EndpointSlices.
    package var endpointSlices: [EndpointSliceObject]
    /// v1 Endpoints.
    package var endpoints: [EndpointsObject]
    /// v1 Pods.
    package var pods: [PodObject]
    /// multicluster.x-k8s.io ServiceImports.
    package var serviceImports: [ServiceImportObject]
    /// v1 Namespaces.
    package var namespaces: [NamespaceObject]
    /// How many objects of other kinds were left out, by kind.
    package var skippedKinds: [String: Int]

    /// A cluster with these objects.
    package init(
        services: [ServiceObject] = [], endpointSlices: [EndpointSliceObject] = [], endpoints: [EndpointsObject] = [],
        pods: [PodObject] = [], namespaces: [NamespaceObject] = [], serviceImports: [ServiceImportObject] = [],
        skippedKinds: [String: Int] = [:]
    ) {
        self.services = services
        self.endpointSlices = endpointSlices
        self.endpoints = endpoints
        self.pods = pods
        self.namespaces = namespaces
        self.serviceImports = serviceImports
        self.skippedKinds = skippedKinds
    }

    /// Adds the objects of a later file: one of the same kind, namespace and name takes the place of the earlier.
    package mutating func merge(_ later: ClusterObjects) {
        services = KeyedObjects.merged(services, with: later.services)
        endpointSlices = KeyedObjects.merged(endpointSlices, with: later.endpointSlices)
        endpoints = KeyedObjects.merged(endpoints, with: later.endpoints)
        pods = KeyedObjects.merged(pods, with: later.pods)
        namespaces = KeyedObjects.merged(namespaces, with: later.namespaces)
        serviceImports = KeyedObjects.merged(serviceImports, with: later.serviceImports)
        skippedKinds.merge(later.skippedKinds, uniquingKeysWith: +)
    }

    /// The slices, and those that say what the Endpoints objects say for the services that have no slice at all.
    package var slicesWithEndpoints: [EndpointSliceObject] {
        var sliced: Set<ObjectKey> = []
        for slice in endpointSlices {
            guard let service = slice.serviceName else { continue }
            sliced.insert(ObjectKey(namespace: slice.namespace, name: service))
        }
        return endpointSlices + endpoints.filter { !sliced.contains($0.key) }.flatMap(\.slices)
    }
}
