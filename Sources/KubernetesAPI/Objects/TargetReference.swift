/// The object behind an endpoint (`targetRef`), a Pod as a rule.
package struct TargetReference: Sendable, Hashable {
    /// The kind, `Pod` as a rule; empty where it is not given.
    package let kind: String
    /// The object's name; empty where it is not given.
    package let name: String

    /// A reference to the object `name` of the kind `kind`.
    package init(kind: String, name: String) {
        self.kind = kind
        self.name = name
    }
}
