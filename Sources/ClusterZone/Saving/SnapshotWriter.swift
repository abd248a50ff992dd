import KubernetesAPI

/// Writes objects as one JSON list that `SnapshotReader` (and kubectl) can read: with what DNS knows of them, on a line
/// each.
package struct SnapshotWriter {
    private var json = JSONText()
    private var hasItems = false

    /// Begins a list.
    ///
    /// - Parameter annotations: of the list's metadata, in the order in which they are written.
    package init(annotations: [(String, String)] = []) {
        json.raw("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{\"annotations\":{")
        for (place, (name, value)) in annotations.enumerated() {
            if place > 0 { json.raw(",") }
            json.text(name)
            json.raw(":")
            json.text(value)
        }
        json.raw("}},\"items\":[")
    }

    /// Ends the list and gives its text, UTF-8.
    package consuming func finish() -> [UInt8] {
        json.raw("\n]}\n")
        return json.bytes
    }

    /// Adds a namespace.
    package mutating func add(_ namespace: NamespaceObject) {
        begin("v1", "Namespace", namespace: nil, namespace.name, labels: namespace.labels)
        json.raw("}")
    }

    /// Adds a service.
    package mutating func add(_ service: ServiceObject) {
        begin("v1", "Service", namespace: service.namespace, service.name, labels: service.labels)
        json.raw(",\"spec\":{\"type\":")
        json.text(service.type.rawValue)
        if service.isHeadless {
            json.raw(",\"clusterIPs\":[")
            json.text(ServiceObject.headlessMark)
            json.raw("]")
        } else {
            list("clusterIPs", service.clusterIPs) { json, address in json.text(address.description) }
        }
        if !service.externalName.isEmpty { json.field("externalName", service.externalName) }
        list("ports", service.ports) { json, port in
            json.raw("{\"name\":")
            json.text(port.name)
            json.field("protocol", port.transport)
            json.number("port", port.port)
            json.raw("}")
        }
        // Which pods are selected is not kept, only that some are.
        if service.hasSelector { json.raw(",\"selector\":{\"\":\"\"}") }
        if service.publishNotReadyAddresses { json.raw(",\"publishNotReadyAddresses\":true") }
        list("externalIPs", service.externalAddresses) { json, address in json.text(address.text) }
        json.raw("}}")
    }

    /// Adds a slice.
    package mutating func add(_ slice: EndpointSliceObject) {
        var labels = slice.labels
        if let service = slice.serviceName { labels[EndpointSliceObject.serviceNameLabel] = service }
        if let imported = slice.importName { labels[EndpointSliceObject.importNameLabel] = imported }
        if let cluster = slice.sourceCluster { labels[EndpointSliceObject.sourceClusterLabel] = cluster }
        begin("discovery.k8s.io/v1", "EndpointSlice", namespace: slice.namespace, slice.name, labels: labels)
        json.field("addressType", slice.addressType.rawValue)
        list("ports", slice.ports) { json, port in
            json.raw("{")
            // Of a port everything may be missing; a null counts as missing.
            json.raw("\"name\":")
            json.optionalText(port.name)
            json.raw(",\"protocol\":")
            json.optionalText(port.transport)
            if let number = port.port { json.number("port", number) }
            json.raw("}")
        }
        list("endpoints", slice.endpoints) { json, endpoint in Self.add(endpoint, to: &json) }
        json.raw("}")
    }

    /// Adds a pod.
    package mutating func add(_ pod: PodObject) {
        begin(
            "v1", "Pod", namespace: pod.namespace, pod.name, labels: pod.labels,
            deletionTimestamp: pod.isTerminating ? "1970-01-01T00:00:00Z" : nil)
        json.raw(",\"spec\":{\"hostNetwork\":\(pod.usesHostNetwork)")
        if !pod.hostname.isEmpty { json.field("hostname", pod.hostname) }
        if !pod.subdomain.isEmpty { json.field("subdomain", pod.subdomain) }
        json.raw("},\"status\":{\"phase\":")
        json.text(pod.phase.rawValue)
        if let first = pod.addresses.first {
            json.field("podIP", first.description)
            list("podIPs", pod.addresses) { json, address in
                json.raw("{\"ip\":")
                json.text(address.description)
                json.raw("}")
            }
        }
        json.raw("}}")
    }

    /// Adds an imported service.
    package mutating func add(_ imported: ServiceImportObject) {
        begin(
            "multicluster.x-k8s.io/v1alpha1", "ServiceImport", namespace: imported.namespace, imported.name,
            labels: imported.labels)
        json.raw(",\"spec\":{\"type\":")
        json.text(imported.isHeadless ? "Headless" : "ClusterSetIP")
        list("ips", imported.addresses) { json, address in json.text(address.description) }
        list("ports", imported.ports) { json, port in
            json.raw("{\"name\":")
            json.text(port.name)
            json.field("protocol", port.transport)
            json.number("port", port.port)
            json.raw("}")
        }
        json.raw("}}")
    }

    private mutating func begin(
        _ version: String, _ kind: String, namespace: String?, _ name: String, labels: [String: String],
        deletionTimestamp: String? = nil
    ) {
        json.raw(hasItems ? ",\n" : "\n")
        hasItems = true
        json.raw("{\"apiVersion\":")
        json.text(version)
        json.field("kind", kind)
        json.raw(",\"metadata\":{\"name\":")
        json.text(name)
        if let namespace { json.field("namespace", namespace) }
        if let deletionTimestamp { json.field("deletionTimestamp", deletionTimestamp) }
        if !labels.isEmpty {
            json.raw(",\"labels\":{")
            for (place, label) in labels.sorted(by: { $0.key < $1.key }).enumerated() {
                if place > 0 { json.raw(",") }
                json.text(label.key)
                json.raw(":")
                json.text(label.value)
            }
            json.raw("}")
        }
        json.raw("}")
    }

    private mutating func list<Elements: Collection>(
        _ name: StaticString, _ elements: Elements, _ write: (inout JSONText, Elements.Element) -> Void
    ) {
        guard !elements.isEmpty else { return }
        json.raw(",\"")
        json.raw(name)
        json.raw("\":[")
        var isFirst = true
        for element in elements {
            if !isFirst { json.raw(",") }
            isFirst = false
            write(&json, element)
        }
        json.raw("]")
    }

    private static func add(_ endpoint: EndpointObject, to json: inout JSONText) {
        json.raw("{\"addresses\":[")
        for (place, address) in endpoint.addresses.enumerated() {
            if place > 0 { json.raw(",") }
            json.text(address.text)
        }
        json.raw("],\"conditions\":{\"ready\":")
        json.boolean(endpoint.conditions.ready)
        json.raw(",\"serving\":")
        json.boolean(endpoint.conditions.serving)
        json.raw(",\"terminating\":")
        json.boolean(endpoint.conditions.terminating)
        json.raw("}")
        if let hostname = endpoint.hostname { json.field("hostname", hostname) }
        if let zone = endpoint.zone { json.field("zone", zone) }
        if let target = endpoint.target {
            json.raw(",\"targetRef\":{\"kind\":")
            json.text(target.kind)
            json.field("name", target.name)
            json.raw("}")
        }
        json.raw("}")
    }
}
