import DNSWire
import KubernetesAPI
import RecordIndex

/// Turns one service and its slices into what the index holds of them.
struct ServiceCompiler {
    let options: ZoneOptions

    /// - Parameters:
    ///   - key: the service.
    ///   - service: its object; nil where only slices name it, which still gives reverse names.
    ///   - slices: the slices that name it.
    ///   - isExposed: whether its namespace is.
    /// - Returns: nil where there is nothing to hold.
    func compile(
        _ key: ServiceKey, service: ServiceObject?, slices: [EndpointSliceObject], isExposed: Bool
    ) -> ServiceRecords? {
        guard service != nil || !slices.isEmpty else { return nil }
        var records = ServiceRecords(namespace: key.namespace, name: key.name, kind: .clusterAddress)
        records.answersForward = isExposed && service != nil
        // CoreDNS: reverse names ask `namespaces`, but not `namespace_labels`.
        records.answersReverse = options.namespaces.isEmpty || isExposed
        if let service { add(service, to: &records) }
        if options.servesEndpoints { add(slices, to: &records) }
        // CoreDNS: with `ignore empty_service` a service with cluster addresses needs a ready endpoint to exist.
        if options.ignoresEmptyServices, records.kind == .clusterAddress, records.endpoints.isEmpty {
            records.answersForward = false
        }
        return records
    }

    private func add(_ service: ServiceObject, to records: inout ServiceRecords) {
        records.ports = service.ports.map { port in
            ServiceRecords.Port(
                name: EndpointLabel.lowerCased(port.name), transport: EndpointLabel.lowerCased(port.transport),
                number: port.port)
        }
        // CoreDNS: a service without ports still has its addresses.
        if records.ports.isEmpty { records.ports = [ServiceRecords.Port(name: [], transport: [], number: -1)] }
        records.clusterAddresses = service.clusterIPs.map(\.key)
        if service.type == .externalName {
            // Kubernetes DNS specification, 2.5: the name is an alias. CoreDNS has no such name where the target is an
            // address, and no answer can be made of a target that is not a name.
            records.kind = .externalName
            if IPAddress(service.externalName) == nil, let target = Self.wireName(service.externalName) {
                records.externalName = target
            } else {
                records.answersForward = false
            }
        } else if service.isHeadless {
            records.kind = .headless
        }
    }

    private func add(_ slices: [EndpointSliceObject], to records: inout ServiceRecords) {
        var groups: [[ServiceRecords.Port]: Int] = [:]
        for slice in slices {
            let ports = Self.ports(of: slice)
            let group = groups[ports] ?? records.portGroups.count
            if group == records.portGroups.count {
                groups[ports] = group
                records.portGroups.append(ports)
            }
            for endpoint in slice.endpoints {
                // EndpointSlice API: unknown readiness is to be read as ready. Terminating endpoints are not ready, and
                // publishNotReadyAddresses makes the slice controller say ready.
                guard endpoint.conditions.ready ?? true else { continue }
                for address in endpoint.addresses {
                    guard let location = Self.location(address) else { continue }
                    let (label, isHostname) = EndpointLabel.label(
                        of: endpoint, at: address, usesPodNames: options.endpointPodNames)
                    records.endpoints.append(
                        ServiceRecords.Endpoint(
                            location: location, label: label, isHostname: isHostname, portGroup: group,
                            zone: options.zonal ? EndpointLabel.lowerCased(endpoint.zone ?? "") : []))
                }
            }
        }
    }

    private static func ports(of slice: EndpointSliceObject) -> [ServiceRecords.Port] {
        // CoreDNS: a slice without ports has addresses, but no SRV records.
        guard !slice.ports.isEmpty else { return [ServiceRecords.Port(name: [], transport: [], number: -1)] }
        return slice.ports.map { port in
            ServiceRecords.Port(
                name: EndpointLabel.lowerCased(port.name ?? ""),
                transport: EndpointLabel.lowerCased(port.transport ?? ""),
                number: port.port ?? -1)
        }
    }

    private static func location(_ address: HostAddress) -> ServiceRecords.Location? {
        if let parsed = address.address { return .address(parsed.key) }
        return wireName(address.text).map { .name($0) }
    }

    /// A name in wire form; nil where the text is none, or the root.
    private static func wireName(_ text: String) -> [UInt8]? {
        guard !text.isEmpty, let name = try? DomainName(parsing: text), name.wire.count > 1 else { return nil }
        return name.wire
    }
}

extension IPAddress {
    /// The address as the index has it.
    package var key: AddressKey {
        family == .v4 ? AddressKey(ipv4: UInt32(truncatingIfNeeded: low)) : AddressKey(high: high, low: low)
    }
}
