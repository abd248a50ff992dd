import KubernetesAPI

/// One address of an endpoint, ready or not, with the names that the rules of the zone give it.
struct ExplainedEndpoint {
    /// Where its name comes from.
    enum Naming {
        case hostname
        case pod
        case address
    }

    let slice: EndpointSliceObject
    let object: EndpointObject
    let address: HostAddress
    /// The one name of SRV and PTR records; empty where it has none.
    let label: String
    let naming: Naming
    /// The names that it answers to beside that one (`endpoint_aliases`).
    let aliases: [String]

    /// EndpointSlice API: unknown readiness is to be read as ready.
    var isReady: Bool { object.conditions.ready ?? true }

    /// The name of the pod behind it; nil where there is none.
    var podName: String? { object.target?.name }

    /// The address with dashes, which names an endpoint that nothing else does.
    var dashed: String { String(decoding: EndpointLabel.dashed(address.text.utf8), as: UTF8.self) }

    func has(name: String) -> Bool { label == name || aliases.contains(name) }

    /// The endpoints of a slice, one for each address, in order. The names are those that packing a slice keeps: there the
    /// rules are.
    static func all(of slice: EndpointSliceObject, _ options: ZoneOptions) -> [ExplainedEndpoint] {
        let asReady = EndpointSliceObject(
            namespace: slice.namespace, name: slice.name, serviceName: slice.serviceName,
            importName: slice.importName, sourceCluster: slice.sourceCluster, addressType: slice.addressType,
            endpoints: EndpointList(
                slice.endpoints.map {
                    EndpointObject(addresses: $0.addresses, hostname: $0.hostname, target: $0.target, zone: $0.zone)
                }))
        var writer = PackedWriter()
        PackedSlice.pack(asReady, options, into: &writer)
        // SAFETY: the bytes are read while the closure runs.
        return writer.bytes.withUnsafeBytes { bytes in
            var packed = PackedSlice(bytes)
            var found: [ExplainedEndpoint] = []
            for object in slice.endpoints {
                for address in object.addresses {
                    guard let endpoint = packed.next() else { return found }
                    found.append(ExplainedEndpoint(slice, object, address, endpoint, options))
                }
            }
            return found
        }
    }

    private init(
        _ slice: EndpointSliceObject, _ object: EndpointObject, _ address: HostAddress,
        _ packed: PackedSlice.Endpoint, _ options: ZoneOptions
    ) {
        self.slice = slice
        self.object = object
        self.address = address
        let dashed = String(decoding: EndpointLabel.dashed(address.text.utf8), as: UTF8.self)
        label = packed.label.map { String(decoding: $0, as: UTF8.self) } ?? dashed
        naming = packed.label == nil ? .address : packed.isHostname ? .hostname : .pod
        var aliases: [String] = []
        if options.endpointAliases {
            if let pod = packed.podName { aliases.append(String(decoding: pod, as: UTF8.self)) }
            if packed.label != nil, !dashed.isEmpty { aliases.append(dashed) }
        }
        self.aliases = aliases
    }

    /// `10.1.0.3 (Pod nodes-0) of EndpointSlice shop/nodes-1`.
    var place: String {
        let pod = podName.map { " (\(object.target?.kind ?? "Pod") \($0))" } ?? ""
        return "\(address.text)\(pod) of EndpointSlice \(slice.namespace)/\(slice.name)"
    }

    /// `named nodes-0 by its hostname`.
    var namedAs: String {
        if label.isEmpty { return "without a name" }
        switch naming {
        case .hostname: return "named \(label) by its hostname"
        case .pod: return "named after its pod (endpoint_pod_names)"
        case .address: return "named \(label) after its address"
        }
    }

    /// Why it is not there.
    var isMissing: String {
        object.conditions.terminating == true ? "is not ready: it terminates" : "is not ready"
    }
}
