/// A v1 Pod of one container.
package struct ScriptedPod: Sendable, Hashable {
    package var metadata: ScriptedMetadata
    package var nodeName: String
    package var hostname: String = ""
    package var subdomain: String = ""
    package var hostNetwork = false
    package var image: String = "registry.example/team/service:v1.42.7"
    package var phase: String
    package var isReady: Bool
    /// When its conditions became what they are, its container started and the kubelet saw it; seconds since 1970.
    package var statusTime: Int64
    package var hostIP: String = "192.0.2.10"
    /// `podIPs`; the first one is `podIP`.
    package var podIPs: [String]

    package init(
        namespace: String, name: String, podIPs: [String], app: String? = nil, nodeName: String = "node-0",
        phase: String = "Running", isReady: Bool = true, creation: Int64 = ScriptedMetadata.defaultCreation
    ) {
        metadata = ScriptedMetadata(namespace: namespace, name: name, salt: "pod", creation: creation)
        metadata.generation = 1
        // `web-7bd795854f-298qd` is a pod of the ReplicaSet `web-7bd795854f`, which is one of the Deployment `web`.
        let parts = name.split(separator: "-")
        if parts.count >= 3 {
            let replicaSet = parts.dropLast().joined(separator: "-")
            metadata.generateName = replicaSet + "-"
            metadata.labels["pod-template-hash"] = String(parts[parts.count - 2])
            metadata.owners = [
                ScriptedOwner(
                    apiVersion: "apps/v1", kind: "ReplicaSet", name: replicaSet,
                    uid: ScriptedIdentifier.uid(of: "replicaset/\(namespace)/\(replicaSet)"))
            ]
            metadata.labels["app"] = app ?? parts.dropLast(2).joined(separator: "-")
        } else {
            metadata.labels["app"] = app ?? name
        }
        self.nodeName = nodeName
        self.phase = phase
        self.isReady = isReady
        statusTime = creation
        self.podIPs = podIPs
        metadata.managedFields = ScriptedManagedFields.ofPod(
            ownerUID: metadata.owners.first?.uid, podIPs: podIPs, time: creation)
    }
}
