/// A v1 Namespace.
package struct ScriptedNamespace: Sendable, Hashable {
    package var metadata: ScriptedMetadata
    /// Active or Terminating.
    package var phase: String

    package init(_ name: String, phase: String = "Active", labels: [String: String] = [:]) {
        metadata = ScriptedMetadata(namespace: "", name: name, salt: "namespace")
        metadata.labels = labels.merging(["kubernetes.io/metadata.name": name]) { mine, _ in mine }
        metadata.managedFields = [.ofNamespace(time: metadata.creation)]
        self.phase = phase
    }
}
