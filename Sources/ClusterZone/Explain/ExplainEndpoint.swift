import DNSWire
import KubernetesAPI
import RecordIndex

extension ClusterExplanation {
    /// Why `ENDPOINT.SERVICE.NAMESPACE.svc.ZONE` is answered as it is.
    func explainEndpoint(
        _ name: String, _ title: String, _ key: ObjectKey, _ endpoints: [ExplainedEndpoint], _ question: Question
    ) -> [String] {
        guard zoneOptions.servesEndpoints else { return ["`noendpoints` leaves the endpoints of \(title) out"] }
        let ready = endpoints.filter(\.isReady)
        let found = ready.filter { $0.has(name: name) }
        if !found.isEmpty {
            var lines = limited(
                found.map { endpoint in
                    let alias = endpoint.label == name ? "" : ", and answers to \(name) as well (endpoint_aliases)"
                    return "\(title) has the endpoint \(endpoint.place), \(endpoint.namedAs)\(alias)"
                })
            switch question.type {
            case .a, .aaaa:
                let family: IPAddress.Family = question.type == .a ? .v4 : .v6
                if !found.contains(where: { $0.address.address.map { $0.family == family } ?? true }) {
                    lines.append("it has no \(family == .v4 ? "IPv4" : "IPv6") address")
                }
            case .srv:
                let ports = found.flatMap { $0.slice.ports.map(Self.describe) }
                lines.append(
                    ports.isEmpty ? "it has no ports, so there is no SRV record" : "its ports are \(listed(ports))")
            default: lines.append(Self.noRecords(question.type))
            }
            return lines
        }
        if index.gaps.contains(.endpoints) { return ["the EndpointSlices are not known yet"] }
        return explainNoEndpoint(name, title, key, endpoints)
    }

    /// Why no endpoint of a service has a name.
    private func explainNoEndpoint(
        _ name: String, _ title: String, _ key: ObjectKey, _ endpoints: [ExplainedEndpoint]
    ) -> [String] {
        let matching = endpoints.filter { $0.has(name: name) }
        if let first = matching.first { return explainNotReady(first, title, key) }
        if let pod = endpoints.first(where: { $0.podName?.lowercased() == name }) {
            guard pod.isReady else { return explainNotReady(pod, title, key) }
            return [
                "\(title) has the endpoint \(pod.place), \(pod.namedAs): it answers to its pod's name only with "
                    + (pod.naming == .hostname ? "`endpoint_aliases`" : "`endpoint_pod_names` or `endpoint_aliases`")
            ]
        }
        if let dashed = endpoints.first(where: { $0.dashed == name }) {
            guard dashed.isReady else { return explainNotReady(dashed, title, key) }
            return [
                "\(title) has the endpoint \(dashed.place), \(dashed.namedAs): it answers to its address only with "
                    + "`endpoint_aliases`"
            ]
        }
        let names = Set(endpoints.filter(\.isReady).map(\.label)).sorted()
        var line = "\(title) has no endpoint \(name)"
        let near = didYouMean(name, names)
        if endpoints.isEmpty {
            line += ": it has no endpoints at all"
        } else if names.isEmpty {
            line += ": none is ready"
        } else if near.isEmpty {
            line += ": it has \(listed(names))"
        }
        var lines = [line + near]
        if let pod = objects.pods.first(where: { $0.key.namespace == key.namespace && $0.key.name == name })?.value {
            lines.append("Pod \(pod.namespace)/\(pod.name) is there, and is no endpoint of it")
        }
        return lines + notReady(endpoints)
    }

    private func explainNotReady(_ endpoint: ExplainedEndpoint, _ title: String, _ key: ObjectKey) -> [String] {
        ["\(title) has the endpoint \(endpoint.place), which \(endpoint.isMissing)"]
            + publishing(key, endpoint.object.conditions.terminating != true)
    }

    /// Which port a name is of.
    private struct WantedPort {
        let name: String
        let transport: String

        init(_ labels: [String]) {
            func plain(_ label: String) -> String { label.hasPrefix("_") ? String(label.dropFirst()) : label }
            (name, transport) = (plain(labels[0]), plain(labels[1]))
        }

        /// CoreDNS: an empty name, or `_` alone, stands for any.
        func matches(_ name: String, _ transport: String) -> Bool {
            (self.name.isEmpty || name.lowercased() == self.name)
                && (self.transport.isEmpty || transport.lowercased() == self.transport)
        }

        /// `port http over tcp`.
        var text: String {
            "port" + (name.isEmpty ? "" : " \(name)") + (transport.isEmpty ? "" : " over \(transport)")
        }
    }

    /// Why `_PORT._PROTOCOL.SERVICE.NAMESPACE.svc.ZONE` is answered as it is, of a service with addresses of its own.
    func explainPort(
        _ labels: [String], _ title: String, _ ports: [PortObject], _ addresses: [IPAddress], _ question: Question
    ) -> [String] {
        let wanted = WantedPort(labels)
        let found = ports.filter { wanted.matches($0.name, $0.transport) }
        if found.isEmpty { return [noPort(wanted, title, ports.map(Self.describe))] }
        let at = listed(addresses.map(\.description))
        let line = "\(title) has the port \(listed(found.map(Self.describe)))"
        switch question.type {
        case .srv: return [line, "its target is the service's own name, at \(at)"]
        case .a, .aaaa:
            return [line, "the name of a port has the service's addresses: \(at)"]
                + missingFamily(question.type, addresses)
        default: return [line, Self.noRecords(question.type)]
        }
    }

    /// The same of a headless service.
    func explainPort(
        _ labels: [String], _ title: String, _ endpoints: [ExplainedEndpoint], _ question: Question
    ) -> [String] {
        guard zoneOptions.servesEndpoints else { return ["`noendpoints` leaves the endpoints of \(title) out"] }
        let wanted = WantedPort(labels)
        let ready = endpoints.filter(\.isReady)
        let found = ready.filter { endpoint in
            endpoint.slice.ports.contains { wanted.matches($0.name ?? "", $0.transport ?? "") }
        }
        guard found.isEmpty else {
            let what = wanted.name.isEmpty ? "such a port" : "the port \(wanted.name)"
            return [
                "\(title) is headless: \(found.count) ready endpoint\(found.count == 1 ? " has" : "s have") \(what)"
            ]
                + without(question.type, found) + limited(found.map { "\($0.place), \($0.namedAs)" })
                + notReady(endpoints)
        }
        if ready.isEmpty { return ["\(title) is headless, and has no ready endpoint with ports"] + notReady(endpoints) }
        var ports: [String] = []
        for port in ready.flatMap(\.slice.ports).map(Self.describe) where !ports.contains(port) { ports.append(port) }
        return [noPort(wanted, title, ports)]
    }

    private func noPort(_ wanted: WantedPort, _ title: String, _ ports: [String]) -> String {
        "\(title) has no \(wanted.text): " + (ports.isEmpty ? "it has none" : "it has \(listed(ports))")
    }

    /// Why a name with a topology zone is answered as it is.
    func explainZonal(
        _ kind: ClusterName.Kind, _ labels: [String], _ title: String, _ block: ServiceBlock,
        _ endpoints: [ExplainedEndpoint], _ question: Question
    ) -> [String] {
        guard block.isHeadless else { return ["\(title) is not headless: only those have names with topology zones"] }
        let zone = labels.dropLast(5).joined(separator: ".")
        let ready = endpoints.filter(\.isReady)
        let inside = ready.filter { $0.object.zone?.lowercased() == zone }
        if inside.isEmpty {
            let zones = Set(ready.compactMap(\.object.zone)).sorted()
            let line =
                "no ready endpoint of \(title) is in the topology zone \(zone)"
                + (zones.isEmpty ? "" : ": they are in \(listed(zones))")
            if kind == .pinned || ready.isEmpty { return [line] + notReady(endpoints) }
            return [line, "`prefer` answers with all of them then"] + without(question.type, ready)
        }
        return ["\(title) is headless: endpoints in the topology zone \(zone) answer"]
            + without(question.type, inside)
            + limited(inside.map { "\($0.place), \($0.namedAs)" })
    }

    // MARK: Imported services

    func explainImport(
        _ kind: ClusterName.Kind, _ key: ObjectKey, _ labels: [String], _ question: Question
    ) -> [String] {
        guard let imported = objects.imports[key] else { return [] }
        let title = "ServiceImport \(key.namespace)/\(imported.name)"
        let endpoints = endpoints(of: key, isImported: true)
        var lines: [String]
        if kind == .endpoint || kind == .clusterEndpoint {
            return explainImported(
                labels, kind == .clusterEndpoint ? labels[1] : nil, title, endpoints, question)
        }
        if kind == .port {
            return imported.isHeadless
                ? explainPort(labels, title, endpoints, question)
                : explainPort(labels, title, imported.ports, imported.addresses, question)
        }
        if imported.isHeadless {
            let ready = endpoints.filter(\.isReady)
            lines = ["\(title) is headless: its name has the addresses of its ready endpoints"]
            if ready.isEmpty { lines.append("it has no ready endpoint") }
            lines += without(question.type, ready)
            lines += limited(ready.map { "\($0.place)\(Self.origin($0)), \($0.namedAs)" })
        } else {
            let addresses = imported.addresses
            lines = [
                addresses.isEmpty
                    ? "\(title) has no address yet"
                    : "\(title) has the addresses \(listed(addresses.map(\.description)))"
            ]
            lines += records(question.type, addresses, imported.ports)
        }
        return lines + notReady(endpoints)
    }

    /// Why the name of an imported service's endpoint is answered as it is.
    private func explainImported(
        _ labels: [String], _ cluster: String?, _ title: String, _ endpoints: [ExplainedEndpoint], _ question: Question
    ) -> [String] {
        let named = endpoints.filter { $0.label == labels[0] }
        // CoreDNS: a name without a cluster is that of an endpoint whose slice does not say where it came from.
        let found = named.filter { ($0.slice.sourceCluster ?? "").lowercased() == cluster ?? "" }
        if let missing = found.first, !found.contains(where: \.isReady) {
            return ["\(title) has the endpoint \(missing.place)\(Self.origin(missing)), which \(missing.isMissing)"]
        }
        if !found.isEmpty {
            return limited(
                found.filter(\.isReady).map {
                    "\(title) has the endpoint \($0.place)\(Self.origin($0)), \($0.namedAs)"
                }) + without(question.type, found.filter(\.isReady))
        }
        return ["\(title) has no endpoint \(labels[0])" + (cluster.map { " from the cluster \($0)" } ?? "")]
            + limited(
                named.map { endpoint in
                    let name = endpoint.slice.sourceCluster.map { ": it is \(labels[0]).\($0.lowercased())" } ?? ""
                    return "\(endpoint.place)\(Self.origin(endpoint)) has such a name\(name)"
                })
    }

    /// Where an imported endpoint came from.
    private static func origin(_ endpoint: ExplainedEndpoint) -> String {
        endpoint.slice.sourceCluster.map { " from the cluster \($0)" } ?? ""
    }

    // MARK: Aliases

    /// What is behind an alias, where that lies in the plugin's zones.
    func explainTarget(_ target: String, _ question: Question, _ behind: [DomainName]) -> [String] {
        guard let name = try? DomainName(parsing: target).lowercased() else { return [] }
        let behind = behind + [question.name]
        if behind.contains(name) { return ["\(name) is in a circle of aliases, which has no records"] }
        let candidates = zones.indices.filter { name.isSubdomain(of: zones[$0]) }
        guard let zone = candidates.max(by: { zones[$0].wire.count < zones[$1].wire.count }) else {
            return [
                "\(name) lies outside of the zones of kubernetes: it is looked up in the server's other blocks and plugins"
            ]
        }
        guard behind.count <= Self.longestChain else { return ["aliases are followed no further"] }
        let inner = Question(
            name: name, zone: zones[zone], type: question.type, isMulticluster: multiclusterZones.contains(zone))
        let lines = lines(inner, answer: [], behind: behind)
        // Behind another alias all but its own line name what they are about.
        let own = isAlias(inner) ? 1 : lines.count
        return lines.prefix(own).map { "\(name): \($0)" } + lines.dropFirst(own)
    }

    /// Whether a name is that of an alias, with what is behind it told.
    private func isAlias(_ question: Question) -> Bool {
        let labels = question.labels
        guard labels.count == 3, labels[2] == "svc", !question.isMulticluster else { return false }
        return objects.services[ObjectKey(namespace: labels[1], name: labels[0])]?.type == .externalName
    }
}
