/// Which ports each label of a service has. Most labels have those of one slice; a label that several slices name has the
/// ports of all of them in one list, so that an answer walks them once however many there are.
struct LabelPorts {
    /// A port, and the number of the topology zone of the endpoints that have it.
    struct Port: Hashable {
        var port: ServiceRecords.Port
        var zone: UInt16
    }

    /// By label: the number of its group within the block, -1 where it has none.
    private(set) var groups: [Int]
    /// The groups of labels that have several, to follow the service's and the slices' own.
    private(set) var merged: [[Port]] = []

    /// - Parameters:
    ///   - endpoints: with the numbers of their groups in `portGroups`.
    ///   - labels: all labels of the endpoints.
    init(
        _ endpoints: [ServiceRecords.Endpoint], labels: [[UInt8]], portGroups: [[ServiceRecords.Port]],
        zones: [[UInt8]: UInt16]
    ) {
        var numbers: [[UInt8]: Int] = [:]
        for (number, label) in labels.enumerated() { numbers[label] = number }
        var used = [Set<Int>](repeating: [], count: labels.count)
        for endpoint in endpoints {
            // CoreDNS: an endpoint that stands for a name has no SRV records.
            guard case .address = endpoint.location, let label = numbers[endpoint.label] else { continue }
            used[label].insert(endpoint.portGroup)
        }
        // The block's group 0 is the service's own.
        groups = used.map { $0.count == 1 ? ($0.first ?? -1) + 1 : -1 }
        guard used.contains(where: { $0.count > 1 }) else { return }
        var ports = [Set<Port>](repeating: [], count: labels.count)
        for endpoint in endpoints {
            guard case .address = endpoint.location, let label = numbers[endpoint.label], used[label].count > 1 else {
                continue
            }
            let zone = zones[endpoint.zone] ?? 0
            for port in portGroups[endpoint.portGroup] { ports[label].insert(Port(port: port, zone: zone)) }
        }
        for label in labels.indices where used[label].count > 1 {
            merged.append(ports[label].sorted(by: LabelPorts.order))
            groups[label] = portGroups.count + merged.count
        }
    }

    /// By number first, then in any order that is always the same.
    static func order(_ left: Port, _ right: Port) -> Bool {
        if left.port.number != right.port.number { return left.port.number < right.port.number }
        if left.port.name != right.port.name { return left.port.name.lexicographicallyPrecedes(right.port.name) }
        if left.port.transport != right.port.transport {
            return left.port.transport.lexicographicallyPrecedes(right.port.transport)
        }
        return left.zone < right.zone
    }
}
