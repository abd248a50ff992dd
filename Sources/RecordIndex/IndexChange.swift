/// What is to change in an index, in one step: no reader ever sees a part of it.
package struct IndexChange: Sendable {
    /// By service: what it says now, nil where it is gone.
    package var services: [ServiceKey: ServiceRecords?] = [:]
    /// The exposed namespaces, all of them; nil where they stay as they are.
    package var namespaces: Set<[UInt8]>?
    /// By address: the namespaces of the pods that have it now, one for each pod.
    package var pods: [AddressKey: [[UInt8]]] = [:]

    package init() {}
}

/// Namespace and name of a service, in lower case.
package struct ServiceKey: Hashable, Sendable {
    package var namespace: [UInt8]
    package var name: [UInt8]

    package init(namespace: [UInt8], name: [UInt8]) {
        self.namespace = namespace
        self.name = name
    }
}
