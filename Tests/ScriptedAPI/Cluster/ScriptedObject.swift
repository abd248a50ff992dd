/// An object of the scripted cluster.
package enum ScriptedObject: Sendable, Hashable {
    case service(ScriptedService)
    case endpointSlice(ScriptedEndpointSlice)
    case pod(ScriptedPod)
    case namespace(ScriptedNamespace)
    case serviceImport(ScriptedServiceImport)

    package var resource: ScriptedResource {
        switch self {
        case .service: .services
        case .endpointSlice: .endpointSlices
        case .pod: .pods
        case .namespace: .namespaces
        case .serviceImport: .serviceImports
        }
    }

    package var metadata: ScriptedMetadata {
        get {
            switch self {
            case .service(let object): object.metadata
            case .endpointSlice(let object): object.metadata
            case .pod(let object): object.metadata
            case .namespace(let object): object.metadata
            case .serviceImport(let object): object.metadata
            }
        }
        set {
            switch self {
            case .service(var object):
                object.metadata = newValue
                self = .service(object)
            case .endpointSlice(var object):
                object.metadata = newValue
                self = .endpointSlice(object)
            case .pod(var object):
                object.metadata = newValue
                self = .pod(object)
            case .namespace(var object):
                object.metadata = newValue
                self = .namespace(object)
            case .serviceImport(var object):
                object.metadata = newValue
                self = .serviceImport(object)
            }
        }
    }

    /// `status.phase`; empty where there is none.
    var phase: String {
        switch self {
        case .pod(let pod): pod.phase
        case .namespace(let namespace): namespace.phase
        case .service, .endpointSlice, .serviceImport: ""
        }
    }
}
