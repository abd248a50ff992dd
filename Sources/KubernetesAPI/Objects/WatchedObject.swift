/// An object of one of the watched resources, without what DNS does not need.
package enum WatchedObject: Sendable, Hashable {
    case namespace(NamespaceObject)
    case service(ServiceObject)
    case endpointSlice(EndpointSliceObject)
    case pod(PodObject)
    case serviceImport(ServiceImportObject)

    /// Namespace and name.
    package var key: ObjectKey {
        switch self {
        case .namespace(let object): object.key
        case .service(let object): object.key
        case .endpointSlice(let object): object.key
        case .pod(let object): object.key
        case .serviceImport(let object): object.key
        }
    }

    /// The resource that the object is one of.
    package var resource: WatchedResource {
        switch self {
        case .namespace: .namespaces
        case .service: .services
        case .endpointSlice: .endpointSlices
        case .pod: .pods
        case .serviceImport: .serviceImports
        }
    }
}
