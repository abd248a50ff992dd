/// Turns the tree of one object into the object, by its kind.
package struct ObjectDecoder {
    /// An object of a kind that DNS needs.
    package enum Decoded {
        case service(ServiceObject)
        case endpointSlice(EndpointSliceObject)
        case endpoints(EndpointsObject)
        case pod(PodObject)
        case namespace(NamespaceObject)
        case serviceImport(ServiceImportObject)
        /// An object of another kind.
        case skipped(kind: String)
    }

    /// What is kept beyond what every zone needs.
    package let detail: ObjectDetail

    /// A decoder that keeps this.
    package init(detail: ObjectDetail) { self.detail = detail }

    /// Decodes `node`. Items of a typed list (`PodList`) have no kind or apiVersion of their own; theirs come from the
    /// list.
    package func decode(_ node: TextNode, kind listed: String?, apiVersion listedVersion: String?) throws(NodeFault)
        -> Decoded
    {
        let fields = try ObjectFields(node)
        let kind: String
        if let listed, node["kind"] == nil { kind = listed } else { kind = try fields.requiredText("kind") }
        do throws(NodeFault) {
            return try decode(fields, kind: kind, group: Self.group(try fields.text("apiVersion") ?? listedVersion))
        } catch {
            var named = error
            named.object = Self.title(of: node, kind: kind)
            throw named
        }
    }

    private func decode(_ fields: ObjectFields, kind: String, group: String?) throws(NodeFault) -> Decoded {
        // Kinds are only unique within their API group: Knative has a Service too. No apiVersion at all is taken as the
        // right one.
        switch (kind, group) {
        case ("Service", ""), ("Service", nil):
            return .service(try service(fields))
        case ("EndpointSlice", "discovery.k8s.io"), ("EndpointSlice", nil):
            return .endpointSlice(try endpointSlice(fields))
        case ("Endpoints", ""), ("Endpoints", nil):
            return .endpoints(try endpoints(fields))
        case ("ServiceImport", "multicluster.x-k8s.io"), ("ServiceImport", nil):
            return .serviceImport(try serviceImport(fields))
        case ("Pod", ""), ("Pod", nil):
            return .pod(try pod(fields))
        case ("Namespace", ""), ("Namespace", nil):
            let metadata = try fields.requiredFields("metadata")
            return .namespace(
                NamespaceObject(name: try metadata.requiredText("name"), labels: try metadata.labels("labels")))
        default:
            return .skipped(kind: kind)
        }
    }

    private func service(_ fields: ObjectFields) throws(NodeFault) -> ServiceObject {
        let identity = try identity(fields)
        let spec = try fields.requiredFields("spec")
        var addresses = try spec.list("clusterIPs", expecting: ClusterIP.rule, ClusterIP.init)
        if addresses.isEmpty {
            // clusterIPs came with dual stack (1.20); before that, and on ExternalName services, there is only
            // clusterIP, which may be empty too.
            let single = try spec.text("clusterIP") ?? ""
            guard let address = ClusterIP(single) else {
                throw spec.refused("clusterIP", expected: ClusterIP.rule)
            }
            addresses = [address]
        }
        var external = try spec.list("externalIPs", expecting: "an IP address", HostAddress.init)
        for ingress in try fields.fields("status")?.fields("loadBalancer")?.list("ingress") ?? [] {
            if let text = try ingress.text("ip"), !text.isEmpty {
                external.append(HostAddress(text))
            } else if let text = try ingress.text("hostname"), !text.isEmpty {
                external.append(HostAddress(text))
            }
        }
        return ServiceObject(
            namespace: identity.namespace, name: identity.name, type: try spec.choice("type", or: .clusterIP),
            isHeadless: addresses.first == .headless, clusterIPs: addresses.compactMap(\.address),
            externalName: try spec.text("externalName") ?? "", ports: try servicePorts(spec),
            hasSelector: spec.isFilled("selector"),
            publishNotReadyAddresses: try spec.boolean("publishNotReadyAddresses") ?? false,
            externalAddresses: external, labels: detail.contains(.labels) ? identity.labels : [:])
    }

    private func endpointSlice(_ fields: ObjectFields) throws(NodeFault) -> EndpointSliceObject {
        let identity = try identity(fields)
        let type: AddressType = try fields.choice("addressType", or: nil)
        var endpoints = EndpointListBuilder()
        for endpoint in try fields.list("endpoints") {
            let conditions = try endpoint.fields("conditions")
            endpoints.append(
                EndpointObject(
                    addresses: try endpoint.list(
                        "addresses", expecting: type == .fqdn ? "a host name" : "an IP address"
                    ) { text in
                        let address = HostAddress(text)
                        return text.isEmpty || type != .fqdn && address.address == nil ? nil : address
                    },
                    hostname: try endpoint.text("hostname"), target: try target(endpoint),
                    zone: detail.contains(.topologyZones) ? try endpoint.text("zone") : nil,
                    conditions: EndpointConditions(
                        ready: try conditions?.boolean("ready"), serving: try conditions?.boolean("serving"),
                        terminating: try conditions?.boolean("terminating"))))
        }
        return EndpointSliceObject(
            namespace: identity.namespace, name: identity.name,
            serviceName: identity.labels[EndpointSliceObject.serviceNameLabel],
            importName: identity.labels[EndpointSliceObject.importNameLabel],
            sourceCluster: identity.labels[EndpointSliceObject.sourceClusterLabel], addressType: type,
            ports: try endpointPorts(fields), endpoints: endpoints.finish(),
            labels: detail.contains(.labels) ? identity.labels : [:])
    }

    private func endpoints(_ fields: ObjectFields) throws(NodeFault) -> EndpointsObject {
        let identity = try identity(fields)
        var subsets: [EndpointsObject.Subset] = []
        for subset in try fields.list("subsets") {
            subsets.append(
                EndpointsObject.Subset(
                    ready: try addresses(subset, "addresses"), notReady: try addresses(subset, "notReadyAddresses"),
                    ports: try endpointPorts(subset)))
        }
        return EndpointsObject(
            namespace: identity.namespace, name: identity.name, subsets: subsets,
            labels: detail.contains(.labels) ? identity.labels : [:])
    }

    private func pod(_ fields: ObjectFields) throws(NodeFault) -> PodObject {
        let identity = try identity(fields)
        let spec = try fields.fields("spec")
        let status = try fields.fields("status")
        var addresses: [IPAddress] = []
        if let address = try status?.address("podIP") { addresses.append(address) }
        for other in try status?.list("podIPs") ?? [] {
            if let address = try other.address("ip"), !addresses.contains(address) { addresses.append(address) }
        }
        return PodObject(
            namespace: identity.namespace, name: identity.name, addresses: addresses,
            phase: try status?.choice("phase", or: .unknown) ?? .unknown,
            isTerminating: try fields.requiredFields("metadata").text("deletionTimestamp") != nil,
            usesHostNetwork: try spec?.boolean("hostNetwork") ?? false, hostname: try spec?.text("hostname") ?? "",
            subdomain: try spec?.text("subdomain") ?? "", labels: detail.contains(.labels) ? identity.labels : [:])
    }

    private func addresses(_ subset: ObjectFields, _ name: String) throws(NodeFault) -> [EndpointsObject.Address] {
        var result: [EndpointsObject.Address] = []
        for entry in try subset.list(name) {
            guard let address = try entry.address("ip") else { throw entry.refused("ip", expected: "an IP address") }
            result.append(
                EndpointsObject.Address(
                    address: address, hostname: try entry.text("hostname"), target: try target(entry)))
        }
        return result
    }

    private func servicePorts(_ spec: ObjectFields) throws(NodeFault) -> [PortObject] {
        var ports: [PortObject] = []
        for port in try spec.list("ports") {
            ports.append(
                PortObject(
                    name: try port.text("name") ?? "", transport: try port.text("protocol") ?? "TCP",
                    port: try port.requiredPort("port")))
        }
        return ports
    }

    private func serviceImport(_ fields: ObjectFields) throws(NodeFault) -> ServiceImportObject {
        let identity = try identity(fields)
        let spec = try fields.requiredFields("spec")
        let type: ServiceImportType = try spec.choice("type", or: nil)
        return ServiceImportObject(
            namespace: identity.namespace, name: identity.name, isHeadless: type == .headless,
            addresses: try spec.list("ips", expecting: "an IP address") { IPAddress($0) },
            ports: try servicePorts(spec), labels: detail.contains(.labels) ? identity.labels : [:])
    }

    /// `spec.type` of a ServiceImport.
    private enum ServiceImportType: String, CaseIterable {
        case clusterSetIP = "ClusterSetIP"
        case headless = "Headless"
    }

    private func endpointPorts(_ fields: ObjectFields) throws(NodeFault) -> [EndpointPortObject] {
        var result: [EndpointPortObject] = []
        for port in try fields.list("ports") {
            result.append(
                EndpointPortObject(
                    name: try port.text("name"), transport: try port.text("protocol"), port: try port.port("port")))
        }
        return result
    }

    private func target(_ fields: ObjectFields) throws(NodeFault) -> TargetReference? {
        guard detail.contains(.targets), let reference = try fields.fields("targetRef") else { return nil }
        return TargetReference(kind: try reference.text("kind") ?? "", name: try reference.text("name") ?? "")
    }

    private func identity(
        _ fields: ObjectFields
    ) throws(NodeFault) -> (namespace: String, name: String, labels: [String: String]) {
        let metadata = try fields.requiredFields("metadata")
        let name = try metadata.requiredText("name")
        return (try metadata.requiredText("namespace"), name, try metadata.labels("labels"))
    }

    /// The API group of an apiVersion: empty for `v1`, `discovery.k8s.io` for `discovery.k8s.io/v1`.
    private static func group(_ apiVersion: String?) -> String? {
        guard let apiVersion else { return nil }
        guard let slash = apiVersion.firstIndex(of: "/") else { return "" }
        return String(apiVersion[..<slash])
    }

    /// `Service shop/web`, with what of it is known.
    private static func title(of node: TextNode, kind: String) -> String {
        guard let name = node["metadata"]?["name"]?.text else { return kind }
        guard let namespace = node["metadata"]?["namespace"]?.text else { return "\(kind) \(name)" }
        return "\(kind) \(namespace)/\(name)"
    }
}
