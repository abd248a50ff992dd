/// The fields of an object that are read at all; the rest (managed fields, containers, annotations) is skipped.
///
/// One tree for all kinds, because an object's kind may stand behind everything else. Lists do not count as a level.
package indirect enum WantedFields: Sendable {
    /// The value with all that is below it.
    case everything
    /// Only these keys of a mapping.
    case only([String: WantedFields])

    /// What is wanted of the value of the key `name`; nil if nothing.
    package func below(_ name: String) -> WantedFields? {
        switch self {
        case .everything: self
        case .only(let fields): fields[name]
        }
    }

    /// What is wanted of a Service, EndpointSlice, Endpoints, Pod, Namespace or ServiceImport, and of the answers and events that
    /// they come in.
    package static let object: WantedFields = {
        let port = fields("name", "protocol", "port")
        let target = fields("kind", "name")
        let address = WantedFields.only(["ip": .everything, "hostname": .everything, "targetRef": target])
        return .only([
            "apiVersion": .everything,
            "kind": .everything,
            // Of a Status, the answer to a request that failed.
            "message": .everything,
            "reason": .everything, "code": .everything, "details": fields("retryAfterSeconds"),
            "metadata": .only([
                "name": .everything, "namespace": .everything, "labels": .everything, "deletionTimestamp": .everything,
                "resourceVersion": .everything, "continue": .everything,
                "annotations": fields(TriggerTime.annotation, EventType.initialEventsEnd),
            ]),
            "spec": .only([
                "type": .everything, "clusterIP": .everything, "clusterIPs": .everything, "externalName": .everything,
                "ports": port, "selector": .everything, "publishNotReadyAddresses": .everything,
                "externalIPs": .everything, "ips": .everything, "hostNetwork": .everything, "hostname": .everything,
                "subdomain": .everything,
            ]),
            "status": .only([
                "loadBalancer": .only(["ingress": fields("ip", "hostname")]),
                "podIP": .everything, "podIPs": fields("ip"), "phase": .everything,
            ]),
            "addressType": .everything,
            "ports": port,
            "endpoints": .only([
                "addresses": .everything, "hostname": .everything, "zone": .everything, "targetRef": target,
                "conditions": fields("ready", "serving", "terminating"),
            ]),
            "subsets": .only(["addresses": address, "notReadyAddresses": address, "ports": port]),
        ])
    }()

    private static func fields(_ names: String...) -> WantedFields {
        .only(Dictionary(names.map { ($0, .everything) }, uniquingKeysWith: { first, _ in first }))
    }
}
