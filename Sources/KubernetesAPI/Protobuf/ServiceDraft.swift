/// A Service while its bytes arrive.
struct ServiceDraft {
    var hasSpec = false
    var type = ServiceType.clusterIP
    /// `spec.clusterIP`, and what is wrong with it; it counts only where `clusterIPs` is empty.
    var single: ClusterIP?
    var singleProblem: String?
    var clusterIPs: [ClusterIP] = []
    var externalName = ""
    var ports: [PortObject] = []
    var hasSelector = false
    var publishNotReadyAddresses = false
    var externalIPs: [HostAddress] = []
    var ingress: [HostAddress] = []
    /// Of the ingress at hand.
    var ingressIP = ""
    var ingressHostname = ""

    /// Takes the ingress that was read: its IP, or else its host name.
    mutating func endIngress() {
        let text = ingressIP.isEmpty ? ingressHostname : ingressIP
        if !text.isEmpty { ingress.append(HostAddress(text)) }
        ingressIP = ""
        ingressHostname = ""
    }

    /// What is wrong with the service as a whole.
    var problem: String? {
        if !hasSpec { return "spec is missing, expected a mapping" }
        return clusterIPs.isEmpty ? singleProblem : nil
    }

    /// The service.
    func finish(_ metadata: MetadataDraft) -> ServiceObject {
        let addresses = clusterIPs.isEmpty ? (single.map { [$0] } ?? []) : clusterIPs
        return ServiceObject(
            namespace: metadata.namespace, name: metadata.name, type: type,
            isHeadless: addresses.first == .headless, clusterIPs: addresses.compactMap(\.address),
            externalName: externalName, ports: ports, hasSelector: hasSelector,
            publishNotReadyAddresses: publishNotReadyAddresses, externalAddresses: externalIPs + ingress,
            labels: metadata.labels)
    }
}
