import KubernetesAPI
import RecordIndex

/// `pod_names`: what pods say by their names, each a block of its own in the index.
extension ClusterState {
    /// The key that a pod's name has in the index. One with more than 63 bytes or a dot in it is no label, and has none (as in
    /// `EndpointLabel`); nor has one with upper-case letters, which the API server lets no object have.
    private static func key(ofPod name: String, namespace: [UInt8]) -> [UInt8]? {
        guard let label = EndpointLabel.oneLabel(name.utf8), label.elementsEqual(name.utf8) else { return nil }
        return ServiceRecords.key(namespace: namespace, pod: label)
    }

    /// Notes that the pod at `place` answers to its name from now on, or (`isGone`) no longer.
    mutating func noteName(ofPod place: Int, isGone: Bool) {
        guard options.podNames else { return }
        let pod = PackedPod.unpack(pods[place].bytes, namespace: "")
        let namespace = namespaces[pods[place].namespace].name
        guard let key = Self.key(ofPod: pod.name, namespace: namespace) else { return }
        guard !isGone else {
            dirtyPodNames[key] = .some(nil)
            return
        }
        var records = ServiceRecords(namespace: namespace, name: Array(pod.name.utf8), kind: .clusterAddress)
        records.isPod = true
        records.answersReverse = false
        records.clusterAddresses = pod.addresses.map(\.key)
        dirtyPodNames[key] = ServiceBlockMemory(compiling: records)
    }
}
