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
        if question.labels.isEmpty, question.type != .ptr {
            return ["the zone's own name is always there; it has SOA and NS records, and no addresses"]
        }
        guard let address = reverseAddress(scratch, labelCount: labelCount) else {
            return ["the name spells no whole address"]
        }
        guard question.type == .ptr else { return ["a reverse name has PTR records alone: ask for PTR"] }
        let matches: (IPAddress) -> Bool = { $0.key == address }
        let services = objects.services.values.filter { $0.clusterIPs.contains(where: matches) }
            .map { "\($0.namespace)/\($0.name)" }.sorted()
        let endpoints = endpoints(at: address)
        let text = services.first.map { _ in "the address" } ?? endpoints.first?.address.text ?? "the address"
        if !answer.isEmpty {
            var lines = services.map { "Service \($0) has \(text)" }
            // CoreDNS: a cluster address is one service's, and comes before any endpoint.
            if services.isEmpty {
                lines += limited(
                    endpoints.filter(\.isReady).map {
                        "\($0.place) is an endpoint of Service \($0.slice.namespace)/\($0.slice.serviceName ?? ""), \($0.namedAs)"
                    })
            }
            return lines
        }
        var lines = ["no Service has it as a cluster address, and no ready endpoint of a Service has it"]
        lines += notReady(endpoints)
        for service in services {
            lines.append("Service \(service) has it, and is left out by `namespaces` or `labels`")
        }
        let pods = objects.pods(in: nil) { $0.addresses.contains(where: matches) }
        for pod in pods {
            lines.append(
                "Pod \(pod.namespace)/\(pod.name) has it: a pod has a reverse name only as the endpoint of a Service")
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
