import KubernetesAPI

/// The kubernetes plugin's options that decide what the index holds.
package struct ZoneOptions: Sendable, Hashable {
    /// `namespaces`: only these are exposed; empty exposes all.
    package var namespaces: Set<String> = []
    /// `namespace_labels`: only namespaces that match are exposed.
    package var namespaceLabels: LabelSelector?
    /// `labels`: only services, slices and pods that match exist.
    package var labels: LabelSelector?
    /// `endpoint_pod_names`: an endpoint without hostname has its pod's name.
    package var endpointPodNames = false
    /// `endpoint_aliases`: an endpoint answers to its hostname, its pod's name and its address with dashes.
    package var endpointAliases = false
    /// False with `noendpoints`.
    package var servesEndpoints = true
    /// `ignore empty_service`: a service without ready endpoints does not exist.
    package var ignoresEmptyServices = false
    /// `zonal`: endpoints keep their topology zones.
    package var zonal = false
    /// Whether pods are needed: `pods verified`, and `pod_names`.
    package var servesPods = false
    /// `pod_names`: pods answer to their names. Needs `servesPods`.
    package var podNames = false
    /// `multicluster`: whether ServiceImports and the slices of imported services are needed.
    package var servesImports = false

    /// Whether pods keep their labels although `labels` does not ask for them: for `kubernetes/client-label/` of `metadata`.
    package var keepsPodLabels = false

    /// What of the objects is needed beyond what every zone needs.
    package var objectDetail: ObjectDetail {
        var detail: ObjectDetail = []
        if labels != nil || keepsPodLabels { detail.insert(.labels) }
        if endpointPodNames || endpointAliases { detail.insert(.targets) }
        if zonal { detail.insert(.topologyZones) }
        return detail
    }

    package init() {}
}

extension ZoneOptions: CustomStringConvertible {
    /// The options as text, equal for equal ones: which objects are kept, and what of them.
    package var description: String {
        var words: [String] = []
        if !namespaces.isEmpty { words.append("namespaces=\(namespaces.sorted().joined(separator: ","))") }
        if let namespaceLabels { words.append("namespace_labels=\(namespaceLabels)") }
        if let labels { words.append("labels=\(labels)") }
        if endpointPodNames { words.append("endpoint_pod_names") }
        if endpointAliases { words.append("endpoint_aliases") }
        if !servesEndpoints { words.append("noendpoints") }
        if zonal { words.append("zonal") }
        if servesPods { words.append("pods") }
        if podNames { words.append("pod_names") }
        if keepsPodLabels { words.append("pod_labels") }
        if servesImports { words.append("multicluster") }
        return words.isEmpty ? "default" : words.joined(separator: " ")
    }
}
