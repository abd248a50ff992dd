/// A kind of object that the scripted API serves.
package enum ScriptedResource: String, CaseIterable, Sendable, Hashable {
    case services
    case endpointSlices = "endpointslices"
    case pods
    case namespaces
    case serviceImports = "serviceimports"

    /// The API group; empty for the core group.
    package var group: String {
        switch self {
        case .services, .pods, .namespaces: ""
        case .endpointSlices: "discovery.k8s.io"
        case .serviceImports: "multicluster.x-k8s.io"
        }
    }

    /// `apiVersion` of its objects and lists.
    package var apiVersion: String {
        switch self {
        case .services, .pods, .namespaces: "v1"
        case .endpointSlices: "discovery.k8s.io/v1"
        case .serviceImports: "multicluster.x-k8s.io/v1alpha1"
        }
    }

    /// `kind` of its objects; that of its lists has `List` behind it.
    package var kind: String {
        switch self {
        case .services: "Service"
        case .endpointSlices: "EndpointSlice"
        case .pods: "Pod"
        case .namespaces: "Namespace"
        case .serviceImports: "ServiceImport"
        }
    }

    /// Path under which the group is served.
    package var root: String {
        group.isEmpty ? "/api/v1" : "/apis/" + apiVersion
    }

    /// Whether its objects are in namespaces.
    package var isNamespaced: Bool { self != .namespaces }

    /// Whether it exists as protobuf: objects of a custom resource definition are JSON only.
    package var hasProtobuf: Bool { self != .serviceImports }

    /// The name with its group, as in messages: `endpointslices.discovery.k8s.io`.
    package var qualifiedName: String { group.isEmpty ? rawValue : rawValue + "." + group }
}
