import DNSWire
import KubernetesAPI
import RecordIndex

/// Turns one service and its slices into what the index holds of them.
struct ServiceCompiler {
    let options: ZoneOptions

    /// - Parameters:
    ///   - service: its packed form; only the name where slices alone name it, which still gives reverse names.
    ///   - slices: where the slices are.
    ///   - first: the place of the first slice that names the service, -1 for none.
    ///   - namespace: the service's namespace.
    func compile(
        _ service: [UInt8], hasObject: Bool, slices: ObjectTable<SliceLink>, first: Int,
        namespace: NamespaceTable.Entry
    ) -> ServiceRecords {
        // SAFETY: the bytes are copied while the closure runs.
        let name = service.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            return [UInt8](reader.bytesOfText())
        }
        var records = ServiceRecords(namespace: namespace.name, name: name, kind: .clusterAddress)
        records.answersForward = namespace.isExposed && hasObject
        // CoreDNS: reverse names ask `namespaces`, but not `namespace_labels`.
        records.answersReverse = options.namespaces.isEmpty || namespace.isExposed
        if hasObject { add(PackedService.unpack(service, namespace: ""), to: &records) }
        var groups = PortGroups()
        var place = first
        while place >= 0 {
            add(slices[place].bytes, &groups, to: &records)
            place = slices[place].link[.service].next
        }
        // CoreDNS: with `ignore empty_service` a service with cluster addresses needs a ready endpoint to exist.
        if options.ignoresEmptyServices, records.kind == .clusterAddress, !records.hasEndpoints {
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

    /// The numbers of the port lists of a service's slices: most services have one.
    struct PortGroups {
        private var last: [UInt8] = []
        private var lastNumber = -1
        private var numbers: [[UInt8]: Int] = [:]

        mutating func number(_ ports: UnsafeRawBufferPointer, in records: inout ServiceRecords) -> Int {
            if lastNumber >= 0, last.elementsEqual(ports) { return lastNumber }
            last = [UInt8](ports)
            lastNumber = numbers[last] ?? records.portGroups.count
            if lastNumber == records.portGroups.count {
                records.portGroups.append(PackedSlice.ports(ports))
                numbers[last] = lastNumber
            }
            return lastNumber
        }
    }

    private func add(_ slice: [UInt8], _ groups: inout PortGroups, to records: inout ServiceRecords) {
        // SAFETY: the bytes are read while the closure runs.
        slice.withUnsafeBytes { bytes in
            var reader = PackedSlice(bytes)
            let group = groups.number(reader.ports, in: &records)
            var dashed: [UInt8] = []
            while let endpoint = reader.next() {
                let zone =
                    endpoint.zone.isEmpty || !options.zonal ? 0 : records.zone([UInt8](endpoint.zone))
                switch endpoint.address {
                case .v4(let number):
                    let label = endpoint.label.map { records.label($0) } ?? ServiceRecords.Label(dashed: number)
                    var aliases: [ServiceRecords.Label] = []
                    if options.endpointAliases {
                        if let podName = endpoint.podName { aliases.append(records.label(podName)) }
                        if endpoint.label != nil { aliases.append(ServiceRecords.Label(dashed: number)) }
                    }
                    records.append(
                        AddressKey(ipv4: number), label: label, aliases: aliases, isHostname: endpoint.isHostname,
                        portGroup: group,
                        zone: zone)
                case .v6(let address):
                    if endpoint.label == nil || options.endpointAliases {
                        EndpointLabel.setDashed(address, &dashed)
                    }
                    let label =
                        endpoint.label.map { records.label($0) } ?? dashed.withUnsafeBytes { records.label($0) }
                    var aliases: [ServiceRecords.Label] = []
                    if options.endpointAliases {
                        if let podName = endpoint.podName { aliases.append(records.label(podName)) }
                        if endpoint.label != nil { aliases.append(dashed.withUnsafeBytes { records.label($0) }) }
                    }
                    records.append(
                        address.key, label: label, aliases: aliases, isHostname: endpoint.isHostname,
                        portGroup: group, zone: zone)
                case .text(let text):
                    add(text, endpoint, group, to: &records)
                }
            }
        }
    }

    private func add(
        _ text: UnsafeRawBufferPointer, _ endpoint: PackedSlice.Endpoint, _ group: Int, to records: inout ServiceRecords
    ) {
        guard let location = Self.location(String(decoding: text, as: UTF8.self)) else { return }
        var aliases: [ServiceRecords.Label] = []
        if options.endpointAliases {
            if let podName = endpoint.podName { aliases.append(records.label(podName)) }
            let dashed = EndpointLabel.dashed(text)
            if endpoint.label != nil, !dashed.isEmpty { aliases.append(dashed.withUnsafeBytes { records.label($0) }) }
        }
        records.append(
            ServiceRecords.Endpoint(
                location: location, label: endpoint.label.map { [UInt8]($0) } ?? EndpointLabel.dashed(text),
                isHostname: endpoint.isHostname, portGroup: group,
                zone: options.zonal ? [UInt8](endpoint.zone) : []), aliases: aliases)
    }

    static func location(_ text: String) -> ServiceRecords.Location? {
        if let address = IPAddress(text) { return .address(address.key) }
        return wireName(text).map { .name($0) }
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
