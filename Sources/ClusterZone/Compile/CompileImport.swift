import KubernetesAPI
import RecordIndex

extension ServiceCompiler {
    /// Turns one ServiceImport and its slices into what the index holds of them (Multi-Cluster Services API, as CoreDNS
    /// serves it).
    ///
    /// - Parameters:
    ///   - imported: its packed form.
    ///   - slices: where the slices are.
    ///   - first: the place of the first slice that names it, -1 for none.
    ///   - namespace: its namespace.
    func compileImport(
        _ imported: [UInt8], slices: ObjectTable<SliceLink>, first: Int, namespace: NamespaceTable.Entry
    ) -> ServiceRecords {
        let imported = PackedImport.unpack(imported, namespace: "")
        var records = ServiceRecords(
            namespace: namespace.name, name: [UInt8](imported.name.utf8),
            kind: imported.isHeadless ? .headless : .clusterAddress)
        records.isImported = true
        records.answersForward = namespace.isExposed
        records.answersReverse = false
        if !imported.isHeadless {
            records.clusterAddresses = imported.addresses.map(\.key)
            // CoreDNS: other than a Service, an import without ports has no name.
            records.ports = imported.ports.map { port in
                ServiceRecords.Port(
                    name: EndpointLabel.lowerCased(port.name), transport: EndpointLabel.lowerCased(port.transport),
                    number: port.port)
            }
        }
        var groups = PortGroups()
        var place = first
        while place >= 0 {
            addImported(slices[place].bytes, &groups, to: &records)
            place = slices[place].link[.imported].next
        }
        if options.ignoresEmptyServices, records.kind == .clusterAddress, !records.hasEndpoints {
            records.answersForward = false
        }
        return records
    }

    private func addImported(_ slice: [UInt8], _ groups: inout PortGroups, to records: inout ServiceRecords) {
        // SAFETY: the bytes are read while the closure runs.
        slice.withUnsafeBytes { bytes in
            var reader = PackedSlice(bytes)
            let group = groups.number(reader.ports, in: &records)
            let cluster = [UInt8](reader.cluster)
            // A cluster id that is not one label would make names that nobody can ask for.
            let hasNames = cluster.isEmpty || EndpointLabel.oneLabel(cluster) != nil
            var label: [UInt8] = []
            while let endpoint = reader.next() {
                let location: ServiceRecords.Location
                let own: [UInt8]
                switch endpoint.address {
                case .v4(let number):
                    let address = IPAddress(v4: number)
                    location = .address(address.key)
                    own = endpoint.label.map { [UInt8]($0) } ?? EndpointLabel.dashed(address.description.utf8)
                case .v6(let address):
                    location = .address(address.key)
                    own = endpoint.label.map { [UInt8]($0) } ?? EndpointLabel.dashed(address.description.utf8)
                case .text(let text):
                    guard let found = Self.location(String(decoding: text, as: UTF8.self)) else { continue }
                    location = found
                    own = endpoint.label.map { [UInt8]($0) } ?? EndpointLabel.dashed(text)
                }
                ImportedLabel.make(endpoint: hasNames ? own : [], cluster: cluster, into: &label)
                records.append(
                    ServiceRecords.Endpoint(
                        location: location, label: label, isHostname: endpoint.isHostname, portGroup: group))
            }
        }
    }
}
