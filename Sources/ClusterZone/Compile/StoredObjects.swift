import KubernetesAPI

/// What a state holds, as objects again: for counting it, and for saving it to disk. Applied to another state with the same
/// options they make the same index; what the options have no use for is not there any more.
extension ClusterState {
    /// How many objects of a resource are held.
    package func objectCount(_ resource: WatchedResource) -> Int {
        switch resource {
        case .namespaces: namespaceCount
        case .services: serviceCount
        case .endpointSlices: slices.count
        case .pods: pods.count
        case .serviceImports: imports.count
        }
    }

    /// The Namespace objects.
    package var namespaceObjects: some Sequence<NamespaceObject> { namespaces.entries.lazy.compactMap(\.object) }

    /// The Service objects, names in lower case.
    package var serviceObjects: some Sequence<ServiceObject> {
        services.places.lazy.filter { services[$0].link.hasObject }.map { place in
            PackedService.unpack(services[place].bytes, namespace: namespace(services[place].namespace))
        }
    }

    /// The slices that belong to a service, with their ready endpoints.
    package var sliceObjects: some Sequence<EndpointSliceObject> {
        slices.places.lazy.map { place in
            PackedSlice.unpack(
                slices[place].bytes, namespace: namespace(slices[place].namespace),
                service: String(decoding: name(of: services[slices[place].link.service].bytes), as: UTF8.self))
        }
    }

    /// The pods that have an address; none unless the zone serves pods.
    package var podObjects: some Sequence<PodObject> {
        pods.places.lazy.map { PackedPod.unpack(pods[$0].bytes, namespace: namespace(pods[$0].namespace)) }
    }

    /// The ServiceImports.
    package var importObjects: some Sequence<ServiceImportObject> {
        imports.places.lazy.map { PackedImport.unpack(imports[$0].bytes, namespace: namespace(imports[$0].namespace)) }
    }

    /// Whether a service is headless, and whether it selects its endpoints; nil where there is no such Service object.
    package func traits(ofService key: ObjectKey) -> (isHeadless: Bool, hasSelector: Bool)? {
        guard let place = place(of: key, in: services), services[place].link.hasObject else { return nil }
        return PackedService.traits(services[place].bytes)
    }

    private func namespace(_ number: UInt32) -> String { String(decoding: namespaces[number].name, as: UTF8.self) }
}
