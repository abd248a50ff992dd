import DNSWire
import KubernetesAPI
import RecordIndex

extension ClusterExplanation {
    /// Why a name below in-addr.arpa or ip6.arpa is answered as it is; nil for any other name.
    func explainReverse(
        _ question: Question, _ scratch: QuestionName, labelCount: Int, _ answer: [ResourceRecord]
    ) -> [String]? {
        let name = question.name.labels.map { String(decoding: $0, as: UTF8.self) }
        guard name.count >= 2, name.last == "arpa", ["in-addr", "ip6"].contains(name[name.count - 2]) else {
            return nil
        }
        let whole = reverseAddress(scratch, labelCount: labelCount)
        // A zone's own name is a zone's own name, unless the zone is that of one address.
        if question.labels.isEmpty, question.type != .ptr || whole == nil { return nil }
        guard let address = whole else { return ["the name spells no whole address"] }
        guard question.type == .ptr else { return ["a reverse name has PTR records alone: ask for PTR"] }
        let matches: (IPAddress) -> Bool = { $0.key == address }
        let services = objects.services.values.filter { $0.clusterIPs.contains(where: matches) }
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        let endpoints = endpoints(at: address)
        return answer.isEmpty
            ? explainNoPointer(services, endpoints, objects.pods(in: nil) { $0.addresses.contains(where: matches) })
            : explainPointers(services, endpoints, answer)
    }

    /// What the records of an answer were made from.
    private func explainPointers(
        _ services: [ServiceObject], _ endpoints: [ExplainedEndpoint], _ answer: [ResourceRecord]
    ) -> [String] {
        let targets = answer.map { "\($0.data)" }
        func isThere(_ start: String) -> Bool { targets.contains { $0.hasPrefix(start + ".svc.") } }
        // CoreDNS: a cluster address is one service's, and comes before any endpoint.
        let found = services.filter { isThere("\($0.name).\($0.namespace)".lowercased()) }
        guard found.isEmpty else { return found.map { "Service \($0.namespace)/\($0.name) has the address" } }
        let ready = endpoints.filter { endpoint in
            endpoint.isReady
                && isThere("\(endpoint.label).\(Self.service(endpoint)).\(endpoint.slice.namespace)".lowercased())
        }
        // An EndpointSlice is enough for a PTR record.
        let missing = Set(ready.map { ObjectKey(namespace: $0.slice.namespace, name: Self.service($0).lowercased()) })
            .filter { objects.services[$0] == nil }.map { "\($0.namespace)/\($0.name)" }.sorted()
        return limited(
            ready.map {
                "\($0.place) is an endpoint of Service \($0.slice.namespace)/\(Self.service($0)), \($0.namedAs)"
            }) + missing.map { "there is no Service \($0): the name of the record leads nowhere" }
    }

    private static func service(_ endpoint: ExplainedEndpoint) -> String { endpoint.slice.serviceName ?? "" }

    /// Why there is none: what has the address and makes no name.
    private func explainNoPointer(
        _ services: [ServiceObject], _ endpoints: [ExplainedEndpoint], _ pods: [PodObject]
    ) -> [String] {
        var lines = services.map { service in
            let option = optionAgainst(service.namespace, service.labels).map { "is left out by \($0)" }
            return "Service \(service.namespace)/\(service.name) has it, and "
                + (option ?? "does not answer: its namespace is not there")
        }
        let ready = endpoints.filter(\.isReady)
        for endpoint in ready {
            let start = "\(endpoint.place) is a ready endpoint"
            if !zoneOptions.servesEndpoints {
                lines.append("\(start), and `noendpoints` leaves endpoints out")
            } else if let option = optionAgainst(endpoint.slice.namespace, endpoint.slice.labels) {
                lines.append("\(start), and left out by \(option)")
            } else {
                lines.append("\(start), \(endpoint.namedAs), of which no record can be made")
            }
        }
        if lines.isEmpty {
            lines.append("no Service has it as a cluster address, and no ready endpoint of a Service has it")
        }
        lines += notReady(endpoints)
        if ready.isEmpty {
            for pod in pods where pod.hasAddress {
                lines.append(
                    "Pod \(pod.namespace)/\(pod.name) has it: a pod has a reverse name only as the endpoint of a Service"
                )
            }
        }
        return limited(lines)
    }

    /// The endpoints at an address, ready or not, of all services.
    private func endpoints(at address: AddressKey) -> [ExplainedEndpoint] {
        objects.slices.values.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }.flatMap { slice in
            slice.serviceName == nil
                ? [] : ExplainedEndpoint.all(of: slice, zoneOptions).filter { $0.address.address?.key == address }
        }
    }
}
