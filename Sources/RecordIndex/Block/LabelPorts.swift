/// Which ports each label of a service has. Most labels have those of one slice; a label that several slices name has the
/// ports of all of them in one list, so that an answer walks them once however many there are.
struct LabelPorts {
    /// A port, and the number of the topology zone of the endpoints that have it.
    struct Port: Hashable {
        var port: ServiceRecords.Port
        var zone: UInt16
    }

    /// The port groups of the slices.
    private let portGroups: [[ServiceRecords.Port]]
    /// The lists of labels that have several groups, each once, to follow the service's and the slices' own.
    private(set) var merged: [[Port]] = []
    private var numbers: [[Port]: Int] = [:]

    init(portGroups: [[ServiceRecords.Port]]) { self.portGroups = portGroups }

    /// The number of the group of the label that has `rows`, -1 where it has none.
    mutating func group(of rows: ArraySlice<BlockRow>) -> Int {
        var group: UInt16 = 0
        var isOne = true
        for row in rows where !row.isName {
            // CoreDNS: an endpoint that stands for a name has no SRV records.
            if group == 0 { group = row.group } else if group != row.group { isOne = false }
        }
        // The block's group 0 is the service's own, so that slices' groups begin with 1.
        guard group != 0 else { return -1 }
        return isOne ? Int(group) : merge(rows)
    }

    private mutating func merge(_ rows: ArraySlice<BlockRow>) -> Int {
        var ports = Set<Port>()
        for row in rows where !row.isName {
            for port in portGroups[Int(row.group) - 1] { ports.insert(Port(port: port, zone: row.zone)) }
        }
        let sorted = ports.sorted(by: LabelPorts.order)
        if let number = numbers[sorted] { return number }
        merged.append(sorted)
        numbers[sorted] = portGroups.count + merged.count
        return portGroups.count + merged.count
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
