/// A Pod while its bytes arrive.
struct PodDraft {
    var address: IPAddress?
    var addresses: [IPAddress] = []
    var phase = PodPhase.unknown
    var usesHostNetwork = false
    var hostname = ""
    var subdomain = ""

    /// The pod.
    func finish(_ metadata: MetadataDraft) -> PodObject {
        var all: [IPAddress] = []
        if let address { all.append(address) }
        for other in addresses where !all.contains(other) { all.append(other) }
        return PodObject(
            namespace: metadata.namespace, name: metadata.name, addresses: all, phase: phase,
            isTerminating: metadata.isTerminating, usesHostNetwork: usesHostNetwork, hostname: hostname,
            subdomain: subdomain, labels: metadata.labels)
    }
}
