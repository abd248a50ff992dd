import KubernetesAPI

/// The objects of a cluster as they were read, by name: with those that make no record, and what the packed forms leave out.
/// For explaining answers; what answers has no use for it.
package struct KnownObjects: Sendable {
    private(set) var namespaces: [String: NamespaceObject] = [:]
    private(set) var services: [ObjectKey: ServiceObject] = [:]
    private(set) var slices: [ObjectKey: EndpointSliceObject] = [:]
    private(set) var pods: [ObjectKey: PodObject] = [:]
    private(set) var imports: [ObjectKey: ServiceImportObject] = [:]

    /// No objects.
    package init() {}

    /// The objects of saved files.
    package init(_ objects: ClusterObjects) {
        for object in objects.namespaces { apply(.listed, .namespace(object)) }
        for object in objects.services { apply(.listed, .service(object)) }
        for object in objects.slicesWithEndpoints { apply(.listed, .endpointSlice(object)) }
        for object in objects.pods { apply(.listed, .pod(object)) }
        for object in objects.serviceImports { apply(.listed, .serviceImport(object)) }
    }

    /// Takes an object as it is now, or its deletion.
    package mutating func apply(_ change: BodyEvent.Change, _ object: WatchedObject) {
        let isThere = change != .deleted
        switch object {
        case .namespace(let namespace): namespaces[namespace.name.lowercased()] = isThere ? namespace : nil
        case .service(let service): services[Self.key(service.key)] = isThere ? service : nil
        case .endpointSlice(let slice): slices[slice.key] = isThere ? slice : nil
        case .pod(let pod): pods[pod.key] = isThere ? pod : nil
        case .serviceImport(let service): imports[Self.key(service.key)] = isThere ? service : nil
        }
    }

    /// As names are looked up: in lower case.
    private static func key(_ key: ObjectKey) -> ObjectKey {
        ObjectKey(namespace: key.namespace.lowercased(), name: key.name.lowercased())
    }

    /// The slices of a service, or of an imported one, in the order of their names.
    func slices(of service: ObjectKey, isImported: Bool) -> [EndpointSliceObject] {
        slices.values.filter { slice in
            slice.namespace == service.namespace
                && (isImported ? slice.importName : slice.serviceName)?.lowercased() == service.name
        }.sorted { $0.name < $1.name }
    }

    /// The pods of a namespace (nil: of all) that match, in the order of their names.
    func pods(in namespace: String?, where matches: (PodObject) -> Bool) -> [PodObject] {
        pods.values.filter { (namespace == nil || $0.namespace == namespace) && matches($0) }
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    /// The namespaces that there are, or that anything is in.
    package var namespaceNames: [String] {
        Set(namespaces.keys).union(services.keys.map(\.namespace)).union(imports.keys.map(\.namespace)).sorted()
    }

    /// The namespaces that have a service of this name.
    package func namespaces(withService name: String) -> [String] {
        services.keys.filter { $0.name == name }.map(\.namespace).sorted()
    }
}
