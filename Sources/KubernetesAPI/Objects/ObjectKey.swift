/// What tells two objects of one kind apart: the namespace (empty for a cluster-wide object) and the name.
package struct ObjectKey: Sendable, Hashable {
    /// The namespace; empty for a Namespace itself.
    package let namespace: String
    /// `metadata.name`.
    package let name: String

    /// The key of the object `name` in `namespace`.
    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }
}
