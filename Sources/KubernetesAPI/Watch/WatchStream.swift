/// What one stream lists and watches: a resource, in all namespaces or in one, all of it or what selectors leave.
package struct WatchStream: Sendable, Hashable {
    /// The kind of object.
    package let resource: WatchedResource
    /// The namespace; nil for the whole cluster. With `.namespaces`: the one Namespace object of that name.
    package let namespace: String?
    /// A label selector as the API takes it; empty for none.
    package let labelSelector: String
    /// A field selector as the API takes it; empty for none.
    package let fieldSelector: String

    /// The phases of pods that have no name any more, which CoreDNS does not ask for (plugin/kubernetes/controller.go).
    package static let livePods = "status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown"

    /// A stream.
    ///
    /// - Parameter fieldSelector: nil for what is due: live pods, and the object itself for one Namespace.
    package init(
        _ resource: WatchedResource, namespace: String? = nil, labelSelector: String = "", fieldSelector: String? = nil
    ) {
        self.resource = resource
        self.namespace = namespace
        self.labelSelector = labelSelector
        switch (fieldSelector, resource, namespace) {
        case (let selector?, _, _): self.fieldSelector = selector
        case (nil, .pods, _): self.fieldSelector = Self.livePods
        case (nil, .namespaces, let namespace?): self.fieldSelector = "metadata.name=\(namespace)"
        default: self.fieldSelector = ""
        }
    }

    /// Whether this is the Namespace object of one namespace, which a Role cannot allow to read: to be forbidden it is
    /// nothing unusual.
    package var isOneNamespaceObject: Bool { resource == .namespaces && namespace != nil }
}

extension WatchStream: CustomStringConvertible {
    /// `services`, `services in namespace "shop"` or `namespace "shop"`: for messages.
    package var description: String {
        guard let namespace else { return resource.plural }
        return isOneNamespaceObject ? "namespace \"\(namespace)\"" : "\(resource.plural) in namespace \"\(namespace)\""
    }
}
