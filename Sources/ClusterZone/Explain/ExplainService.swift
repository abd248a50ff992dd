import DNSWire
import KubernetesAPI
import RecordIndex

extension ClusterExplanation {
    /// Why the name of a service, or one below it, is answered as it is.
    func explainService(
        _ kind: ClusterName.Kind, _ question: Question, _ labels: [String], _ namespace: String,
        _ behind: [DomainName]
    ) -> [String] {
        let key = ObjectKey(namespace: namespace, name: labels[labels.count - 3])
        guard let block = block(key, question.isMulticluster), block.answersForward else {
            return explainMissing(key, question)
        }
        if question.isMulticluster { return explainImport(kind, key, labels, question) }
        guard let service = objects.services[key] else { return [] }
        let title = "Service \(namespace)/\(service.name)"
        if block.isExternalName {
            guard kind == .service else {
                return ["\(title) is an alias (type ExternalName): it has neither endpoints nor ports"]
            }
            let line = "\(title) is an alias (type ExternalName) for \(service.externalName)"
            switch question.type {
            case .a, .aaaa: return [line] + explainTarget(service.externalName, question, behind)
            case .cname: return [line]
            default:
                return [
                    line, "\(Self.noRecords(question.type)): what it is an alias for is looked up for A and AAAA alone",
                ]
            }
        }
        let endpoints = endpoints(of: key, isImported: false)
        switch kind {
        case .endpoint: return explainEndpoint(labels[0], title, key, endpoints, question)
        case .port:
            return block.isHeadless
                ? explainPort(labels, title, endpoints, question)
                : explainPort(labels, title, service.ports, service.clusterIPs, question)
        case .pinned, .preferred: return explainZonal(kind, labels, title, block, endpoints, question)
        default: break
        }
        guard block.isHeadless else { return explainClusterAddress(title, service, endpoints, question) }
        return explainHeadless(title, key, service, endpoints, question)
    }

    /// The compiled service that names are answered from; nil where there is none.
    private func block(_ key: ObjectKey, _ isImported: Bool) -> ServiceBlock? {
        let bytes = ServiceRecords.key(
            namespace: Array(key.namespace.utf8), service: Array(key.name.utf8), isImported: isImported)
        // SAFETY: the bytes are read while the closure runs.
        return bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { index.service($0, bytes.count) }
        }
    }

    /// All endpoints of a service, ready or not.
    func endpoints(of key: ObjectKey, isImported: Bool) -> [ExplainedEndpoint] {
        objects.slices(of: key, isImported: isImported).flatMap { slice -> [ExplainedEndpoint] in
            if let selector = zoneOptions.labels, !selector.matches(slice.labels) { return [] }
            return ExplainedEndpoint.all(of: slice, zoneOptions)
        }
    }

    // MARK: Services that are not there

    private func explainMissing(_ key: ObjectKey, _ question: Question) -> [String] {
        let kind = question.isMulticluster ? "ServiceImport" : "Service"
        let title = "\(kind) \(key.namespace)/\(key.name)"
        if index.gaps.contains(question.isMulticluster ? .imports : .services) {
            return ["the \(kind)s are not known yet"]
        }
        let labels: [String: String]
        if question.isMulticluster {
            guard let imported = objects.imports[key] else {
                let names = objects.imports.keys.filter { $0.namespace == key.namespace }.map(\.name)
                return [
                    "there is no ServiceImport \(key.name) in the namespace \(key.namespace)"
                        + didYouMean(key.name, names)
                ]
                    + (objects.services[key] == nil
                        ? []
                        : [
                            "Service \(key.namespace)/\(key.name) answers in other zones only: \(question.zone) is a multicluster one"
                        ])
            }
            labels = imported.labels
        } else {
            guard let service = objects.services[key] else { return explainNoService(key) }
            labels = service.labels
        }
        if let selector = zoneOptions.labels, !selector.matches(labels) {
            return ["\(title) has not the labels of `labels \(selector)`"]
        }
        if !question.isMulticluster, let service = objects.services[key], service.type == .externalName {
            return [
                "\(title) is an alias (type ExternalName) for \"\(service.externalName)\", which is an address or no name: "
                    + "no answer can be made of it"
            ]
        }
        if zoneOptions.ignoresEmptyServices {
            return ["\(title) has no ready endpoint, and `ignore empty_service` leaves such services out"]
                + notReady(endpoints(of: key, isImported: question.isMulticluster))
        }
        return ["\(title) is there, and not known whole yet"]
    }

    private func explainNoService(_ key: ObjectKey) -> [String] {
        let names = objects.services.keys.filter { $0.namespace == key.namespace }.map(\.name).sorted()
        var line = "there is no Service \(key.name) in the namespace \(key.namespace)"
        if let selector = zoneOptions.labels { line += " with the labels of `labels \(selector)`" }
        let near = didYouMean(key.name, names)
        if near.isEmpty, !names.isEmpty, names.count <= 5 {
            line += " (there \(names.count == 1 ? "is" : "are") \(listed(names)))"
        }
        var lines = [line + near] + elsewhere(key.name)
        let slices = objects.slices(of: key, isImported: false)
        if let slice = slices.first {
            lines.append(
                "EndpointSlice \(slice.namespace)/\(slice.name) names it, which makes no name without the Service")
        }
        return lines
    }

    // MARK: Cluster addresses and headless services

    private func explainClusterAddress(
        _ title: String, _ service: ServiceObject, _ endpoints: [ExplainedEndpoint], _ question: Question
    ) -> [String] {
        let addresses = service.clusterIPs.map(\.description)
        var lines: [String] = []
        if addresses.isEmpty {
            lines.append("\(title) has no cluster address yet")
        } else {
            lines.append("\(title) has the cluster address\(addresses.count == 1 ? "" : "es") \(listed(addresses))")
        }
        lines += records(question.type, service.clusterIPs, service.ports)
        if zoneOptions.servesEndpoints, !index.gaps.contains(.endpoints), !endpoints.contains(where: \.isReady) {
            lines.append("note: it has no ready endpoint, so connections lead nowhere")
            lines += notReady(endpoints)
        }
        return lines
    }

    /// What addresses and ports make of a type.
    func records(_ type: RecordType, _ addresses: [IPAddress], _ ports: [PortObject]) -> [String] {
        switch type {
        case .a, .aaaa: return missingFamily(type, addresses)
        case .srv:
            return [
                ports.isEmpty
                    ? "it has no ports, so there is no SRV record" : "its ports are \(listed(ports.map(Self.describe)))"
            ]
        default: return [Self.noRecords(type)]
        }
    }

    /// That none of some addresses is one of A or AAAA records.
    func missingFamily(_ type: RecordType, _ addresses: [IPAddress]) -> [String] {
        let family: IPAddress.Family = type == .a ? .v4 : .v6
        guard !addresses.isEmpty, !addresses.contains(where: { $0.family == family }) else { return [] }
        return ["none of \(family == .v4 ? "IPv4" : "IPv6"), so there is no \(type) record"]
    }

    /// Why ready endpoints make no records of a type; nothing where they make some.
    func without(_ type: RecordType, _ endpoints: [ExplainedEndpoint]) -> [String] {
        switch type {
        case .a, .aaaa:
            let family: IPAddress.Family = type == .a ? .v4 : .v6
            // An endpoint may be a host's name, which has addresses of any family.
            let isThere = endpoints.contains { $0.address.address.map { $0.family == family } ?? true }
            let who = endpoints.count == 1 ? "it has no" : "none of the \(endpoints.count) has an"
            return isThere || endpoints.isEmpty ? [] : ["\(who) \(family == .v4 ? "IPv4" : "IPv6") address"]
        case .srv:
            return endpoints.contains { !$0.slice.ports.isEmpty } || endpoints.isEmpty
                ? [] : ["without ports there is no SRV record"]
        default: return [Self.noRecords(type)]
        }
    }

    private func explainHeadless(
        _ title: String, _ key: ObjectKey, _ service: ServiceObject, _ endpoints: [ExplainedEndpoint],
        _ question: Question
    ) -> [String] {
        let ready = endpoints.filter(\.isReady)
        var lines = ["\(title) is headless: its name has the addresses of its ready endpoints"]
        guard zoneOptions.servesEndpoints else {
            return lines + ["`noendpoints` leaves endpoints out, and with them this name"]
        }
        guard !ready.isEmpty else {
            return lines + explainNoEndpoints(key, service, endpoints)
        }
        switch question.type {
        case .a, .aaaa:
            let family: IPAddress.Family = question.type == .a ? .v4 : .v6
            let wanted = ready.filter { $0.address.address.map { $0.family == family } ?? true }
            if wanted.isEmpty {
                lines.append("none of the \(ready.count) has an \(family == .v4 ? "IPv4" : "IPv6") address")
            }
            lines += limited(wanted.map { "\($0.place), \($0.namedAs)" })
        case .srv:
            lines += limited(
                ready.map { endpoint in
                    let ports = endpoint.slice.ports.map(Self.describe)
                    return "\(endpoint.place), \(endpoint.namedAs): "
                        + (ports.isEmpty ? "no ports, so no SRV record" : "ports \(listed(ports))")
                })
        default: lines.append(Self.noRecords(question.type))
        }
        return lines + notReady(endpoints)
    }

    /// Why a headless service has no endpoint to answer with.
    private func explainNoEndpoints(
        _ key: ObjectKey, _ service: ServiceObject, _ endpoints: [ExplainedEndpoint]
    ) -> [String] {
        if index.gaps.contains(.endpoints) { return ["the EndpointSlices are not known yet"] }
        if !endpoints.isEmpty {
            return ["it has no ready endpoint"] + notReady(endpoints)
                + publishing(key, endpoints.contains { $0.object.conditions.terminating != true })
        }
        if objects.slices(of: key, isImported: false).isEmpty {
            return [
                "it has no endpoints: no EndpointSlice names it"
                    + (service.hasSelector ? "" : ", and it has no selector that would make one")
            ]
        }
        return ["it has no endpoints: its selector selects no pod, or their EndpointSlices are left out by `labels`"]
    }

    /// The endpoints that are not ready, with what would bring them in.
    func notReady(_ endpoints: [ExplainedEndpoint]) -> [String] {
        limited(endpoints.filter { !$0.isReady }.map { "\($0.place) \($0.isMissing)" })
    }

    /// What lets endpoints answer that are not ready, where the service has not asked for it.
    func publishing(_ key: ObjectKey, _ helps: Bool) -> [String] {
        guard helps, let service = objects.services[key], !service.publishNotReadyAddresses else { return [] }
        return ["`publishNotReadyAddresses: true` in the Service would let it answer before it is ready"]
    }

    // MARK: Words

    static func noRecords(_ type: RecordType) -> String { "the name is there, without records of type \(type)" }

    static func describe(_ port: PortObject) -> String {
        "\(port.name.isEmpty ? "(without a name)" : port.name)/\(port.transport) \(port.port)"
    }

    static func describe(_ port: EndpointPortObject) -> String {
        let name = port.name.flatMap { $0.isEmpty ? nil : $0 } ?? "(without a name)"
        return "\(name)/\(port.transport ?? "?") \(port.port.map { "\($0)" } ?? "(any)")"
    }
}
