import ScriptedAPI

/// Looking for things in a scripted cluster.
enum ServiceSlices {
    /// Slices of a service, in the order of a list.
    static func slices(
        _ cluster: ScriptedCluster, namespace: String, service: String
    ) throws(BenchFailure) -> [ScriptedEndpointSlice] {
        var found: [ScriptedEndpointSlice] = []
        for object in cluster.objects(.endpointSlices) {
            guard case .endpointSlice(let slice) = object, slice.metadata.namespace == namespace,
                slice.metadata.labels[ScriptedEndpointSlice.serviceLabel] == service
            else { continue }
            found.append(slice)
        }
        guard !found.isEmpty else { throw BenchFailure("\(namespace)/\(service) has no slices") }
        return found
    }

    /// Name and namespace of a service with a cluster address, the last one of the list.
    static func lastService(_ cluster: ScriptedCluster) throws(BenchFailure) -> (name: String, namespace: String) {
        for object in cluster.objects(.services).reversed() {
            guard case .service(let service) = object, service.clusterIP != "None" else { continue }
            return (service.metadata.name, service.metadata.namespace)
        }
        throw BenchFailure("the cluster has no services")
    }

    /// Name and namespace of a headless service of the generated ones, with ten endpoints.
    static func headlessService(_ cluster: ScriptedCluster) throws(BenchFailure) -> (name: String, namespace: String) {
        for object in cluster.objects(.services).reversed() {
            guard case .service(let service) = object, service.clusterIP == "None", service.metadata.name != "large"
            else { continue }
            return (service.metadata.name, service.metadata.namespace)
        }
        throw BenchFailure("the cluster has no headless services")
    }
}
