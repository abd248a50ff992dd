/// What DNS needs of a v1 Namespace.
package struct NamespaceObject: Sendable, Hashable {
    /// `metadata.name`.
    package let name: String
    /// `metadata.labels`, always kept: namespaces are few.
    package let labels: [String: String]

    /// A namespace.
    package init(name: String, labels: [String: String] = [:]) {
        self.name = name
        self.labels = labels
    }

    /// The name; a Namespace is in no namespace.
    package var key: ObjectKey { ObjectKey(namespace: "", name: name) }
}
