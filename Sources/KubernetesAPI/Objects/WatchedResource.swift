/// A kind of object that is listed and watched.
package enum WatchedResource: UInt8, Sendable, Hashable, CaseIterable {
    case namespaces
    case services
    case endpointSlices
    case pods
    /// multicluster.x-k8s.io ServiceImports: a custom resource, which API servers only speak of in JSON.
    case serviceImports

    /// The resource's name in URLs and in RBAC rules.
    package var plural: String {
        switch self {
        case .namespaces: "namespaces"
        case .services: "services"
        case .endpointSlices: "endpointslices"
        case .pods: "pods"
        case .serviceImports: "serviceimports"
        }
    }

    /// The API group as RBAC rules spell it; empty for the core group.
    package var group: String {
        switch self {
        case .namespaces, .services, .pods: ""
        case .endpointSlices: "discovery.k8s.io"
        case .serviceImports: "multicluster.x-k8s.io"
        }
    }

    /// The version of the group.
    package var version: String {
        switch self {
        case .namespaces, .services, .pods, .endpointSlices: "v1"
        case .serviceImports: "v1alpha1"
        }
    }

    /// The kind of one object.
    package var kind: String {
        switch self {
        case .namespaces: "Namespace"
        case .services: "Service"
        case .endpointSlices: "EndpointSlice"
        case .pods: "Pod"
        case .serviceImports: "ServiceImport"
        }
    }
}
