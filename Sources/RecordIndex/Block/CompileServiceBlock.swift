import DNSWire

extension ServiceBlockMemory {
    /// Most port groups and topology zones that a service may have: their numbers take 16 bits. Endpoints beyond are left
    /// out; no cluster comes near.
    static let mostGroups = 65_000
    static let mostZones = 65_000

    /// Compiles `records` to a block.
    package convenience init(compiling records: ServiceRecords) {
        var compiler = ServiceBlockCompiler(records)
        self.init(copying: compiler.compile())
    }
}

/// Lays out one block. The order of the port groups, of the rows (by label, then address) and of the pools makes equal
/// meaning equal bytes.
private struct ServiceBlockCompiler {
    private struct Row {
        var place: UInt32
        var label: Int
        var group: UInt16
        var zone: UInt16
        var multiplicity: Int
        var flags: UInt16
    }

    private let records: ServiceRecords
    /// The groups that endpoints have, in an order of their own: that of the slices is chance.
    private var portGroups: [[ServiceRecords.Port]] = []
    private var bytes: [UInt8] = []

    init(_ records: ServiceRecords) { self.records = records }

    mutating func compile() -> [UInt8] {
        bytes = [UInt8](repeating: 0, count: ServiceBlock.Field.size)
        bytes.reserveCapacity(ServiceBlock.Field.size + 64 + records.endpoints.count * 40)
        putFlagsAndKey()
        putClusterAddresses()
        let endpoints = sortPortGroups()
        let pools = putPools(endpoints)
        let zones = putZones(endpoints)
        let labels = Array(Set(endpoints.map(\.label))).sorted(by: ServiceBlockCompiler.labelOrder)
        let labelPorts = LabelPorts(endpoints, labels: labels, portGroups: portGroups, zones: zones)
        putPortGroups(merged: labelPorts.merged)
        let rows = makeRows(endpoints, pools: pools, labels: labels, zones: zones)
        putLabels(labels, rows: rows, ports: labelPorts)
        putRows(rows)
        return bytes
    }

    /// Numbers the port groups anew and returns the endpoints with those numbers.
    private mutating func sortPortGroups() -> [ServiceRecords.Endpoint] {
        var endpoints = records.endpoints.filter { records.portGroups.indices.contains($0.portGroup) }
        let used = Set(endpoints.map(\.portGroup))
        let sorted = Set(used.map { records.portGroups[$0] }).sorted(by: ServiceBlockCompiler.portOrder)
        portGroups = Array(sorted.prefix(ServiceBlockMemory.mostGroups))
        var numbers: [[ServiceRecords.Port]: Int] = [:]
        for (number, ports) in portGroups.enumerated() { numbers[ports] = number }
        var renumbered: [Int: Int] = [:]
        for group in used { renumbered[group] = numbers[records.portGroups[group]] }
        for index in endpoints.indices { endpoints[index].portGroup = renumbered[endpoints[index].portGroup] ?? -1 }
        return endpoints.filter { $0.portGroup >= 0 }
    }

    // MARK: Parts

    private mutating func putFlagsAndKey() {
        var flags: UInt32 = 0
        switch records.kind {
        case .clusterAddress: break
        case .headless: flags |= ServiceBlock.Flag.headless
        case .externalName: flags |= ServiceBlock.Flag.externalName
        }
        if records.answersForward { flags |= ServiceBlock.Flag.forward }
        if records.answersReverse { flags |= ServiceBlock.Flag.reverse }
        set(ServiceBlock.Field.flags, flags)
        set(ServiceBlock.Field.keyOffset, count: bytes.count)
        let key = ServiceRecords.key(namespace: records.namespace, service: records.name)
        set(ServiceBlock.Field.keyLength, count: key.count)
        set(ServiceBlock.Field.serviceLength, count: records.name.count)
        bytes += key
        bytes += [3, UInt8(ascii: "s"), UInt8(ascii: "v"), UInt8(ascii: "c")]
        set(ServiceBlock.Field.externalNameOffset, count: bytes.count)
        set(ServiceBlock.Field.externalNameLength, count: records.externalName.count)
        bytes += records.externalName
        align()
    }

    private mutating func putClusterAddresses() {
        // CoreDNS answers each address once however often the object lists it, in the object's order.
        var seen = Set<AddressKey>()
        let unique = records.clusterAddresses.filter { seen.insert($0).inserted }
        put(
            unique.filter(\.isIPv4), count: ServiceBlock.Field.clusterIPv4Count,
            offset: ServiceBlock.Field.clusterIPv4Offset)
        put(
            unique.filter { !$0.isIPv4 }, count: ServiceBlock.Field.clusterIPv6Count,
            offset: ServiceBlock.Field.clusterIPv6Offset)
    }

    /// Writes the pools and returns the place of every location.
    private mutating func putPools(_ endpoints: [ServiceRecords.Endpoint]) -> [ServiceRecords.Location: UInt32] {
        var addresses = Set<AddressKey>()
        var names = Set<[UInt8]>()
        for endpoint in endpoints {
            switch endpoint.location {
            case .address(let key): addresses.insert(key)
            case .name(let name): names.insert(name)
            }
        }
        let sorted = addresses.sorted()
        let ipv4 = sorted.filter(\.isIPv4)
        let ipv6 = sorted.filter { !$0.isIPv4 }
        put(ipv4, count: ServiceBlock.Field.poolIPv4Count, offset: ServiceBlock.Field.poolIPv4Offset)
        put(ipv6, count: ServiceBlock.Field.poolIPv6Count, offset: ServiceBlock.Field.poolIPv6Offset)
        var places: [ServiceRecords.Location: UInt32] = [:]
        places.reserveCapacity(sorted.count + names.count)
        for (index, key) in ipv4.enumerated() { places[.address(key)] = place(RowView.ipv4, index) }
        for (index, key) in ipv6.enumerated() { places[.address(key)] = place(RowView.ipv6, index) }

        let targets = names.sorted { $0.lexicographicallyPrecedes($1) }
        var entries: [(Int, Int)] = []
        for (index, target) in targets.enumerated() {
            places[.name(target)] = place(RowView.name, index)
            entries.append((bytes.count, target.count))
            bytes += target
        }
        align()
        set(ServiceBlock.Field.targetCount, count: targets.count)
        set(ServiceBlock.Field.targetOffset, count: bytes.count)
        for (offset, count) in entries {
            append32(offset)
            append32(count)
        }
        return places
    }

    private func place(_ kind: Int, _ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: kind << 30 | index & 0x3FFF_FFFF)
    }

    /// Group 0 is the service's own ports, the slices' groups follow, and then those that labels of several groups have.
    /// Ports ascend by number, so that equal numbers are neighbours.
    private mutating func putPortGroups(merged: [[LabelPorts.Port]]) {
        var groups: [(Int, Int)] = []
        let slices = ([records.ports] + portGroups).map { ports in ports.map { LabelPorts.Port(port: $0, zone: 0) } }
        for ports in slices + merged {
            let ports = ports.sorted(by: LabelPorts.order)
            var names: [(Int, Int, Int)] = []
            for port in ports {
                // A label has at most 63 bytes, so a longer name is never asked for; 64 bytes are enough to match none.
                let name = port.port.name.prefix(QuestionName.longestLabel + 1)
                let transport = port.port.transport.prefix(QuestionName.longestLabel + 1)
                names.append((bytes.count, name.count, transport.count))
                bytes += name
                bytes += transport
            }
            align()
            groups.append((bytes.count, ports.count))
            for (port, (offset, nameCount, transportCount)) in zip(ports, names) {
                append32(UInt32(bitPattern: port.port.number))
                append32(offset)
                bytes.append(UInt8(truncatingIfNeeded: nameCount))
                bytes.append(UInt8(truncatingIfNeeded: transportCount))
                append16(port.zone)
            }
        }
        set(ServiceBlock.Field.groupCount, count: groups.count)
        set(ServiceBlock.Field.groupOffset, count: bytes.count)
        for (offset, count) in groups {
            append32(offset)
            append32(count)
        }
    }

    /// Writes the zones and returns their numbers, which begin with 1.
    private mutating func putZones(_ endpoints: [ServiceRecords.Endpoint]) -> [[UInt8]: UInt16] {
        let zones = Set(endpoints.map(\.zone)).filter { !$0.isEmpty }.sorted { $0.lexicographicallyPrecedes($1) }
        var numbers: [[UInt8]: UInt16] = [:]
        var entries: [(Int, Int)] = []
        for (index, zone) in zones.prefix(ServiceBlockMemory.mostZones).enumerated() {
            numbers[zone] = UInt16(truncatingIfNeeded: index + 1)
            entries.append((bytes.count, zone.count))
            bytes += zone
        }
        align()
        set(ServiceBlock.Field.zoneCount, count: entries.count)
        set(ServiceBlock.Field.zoneOffset, count: bytes.count)
        for (offset, count) in entries {
            append32(offset)
            append32(count)
        }
        return numbers
    }

    private func makeRows(
        _ endpoints: [ServiceRecords.Endpoint], pools: [ServiceRecords.Location: UInt32], labels: [[UInt8]],
        zones: [[UInt8]: UInt16]
    ) -> [Row] {
        var labelNumbers: [[UInt8]: Int] = [:]
        labelNumbers.reserveCapacity(labels.count)
        for (index, label) in labels.enumerated() { labelNumbers[label] = index }
        var rows: [Row] = []
        rows.reserveCapacity(endpoints.count)
        for endpoint in endpoints {
            guard let place = pools[endpoint.location], let label = labelNumbers[endpoint.label] else { continue }
            rows.append(
                Row(
                    place: place, label: label, group: UInt16(truncatingIfNeeded: endpoint.portGroup + 1),
                    zone: zones[endpoint.zone] ?? 0, multiplicity: 1, flags: endpoint.isHostname ? 1 : 0))
        }
        rows.sort { left, right in
            (left.label, left.place, left.group, left.zone) < (right.label, right.place, right.group, right.zone)
        }
        return ServiceBlockCompiler.merge(rows)
    }

    /// Makes one row of equal ones.
    private static func merge(_ sorted: [Row]) -> [Row] {
        var rows: [Row] = []
        rows.reserveCapacity(sorted.count)
        for row in sorted {
            if let last = rows.last, last.label == row.label, last.place == row.place, last.group == row.group,
                last.zone == row.zone
            {
                rows[rows.count - 1].multiplicity += 1
                rows[rows.count - 1].flags |= row.flags
            } else {
                rows.append(row)
            }
        }
        return rows
    }

    private mutating func putLabels(_ labels: [[UInt8]], rows: [Row], ports: LabelPorts) {
        var firstRows = [Int](repeating: 0, count: labels.count)
        for (index, row) in rows.enumerated().reversed() { firstRows[row.label] = index }
        var offsets: [Int] = []
        for label in labels {
            offsets.append(bytes.count)
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes += label
        }
        align()
        set(ServiceBlock.Field.labelCount, count: labels.count)
        set(ServiceBlock.Field.labelOffset, count: bytes.count)
        for (label, offset) in offsets.enumerated() {
            append32(offset)
            append32(firstRows[label])
            // One more than the group's number: 0 stands for a label without ports.
            append32(ports.groups[label] + 1)
            append32(ports.groups[label] > portGroups.count ? 1 : 0)
        }
    }

    private mutating func putRows(_ rows: [Row]) {
        set(ServiceBlock.Field.rowCount, count: rows.count)
        set(ServiceBlock.Field.rowOffset, count: bytes.count)
        var total = 0
        for row in rows {
            append32(row.place)
            append32(row.label)
            append16(row.group)
            append16(row.zone)
            append16(UInt16(clamping: row.multiplicity))
            append16(row.flags)
            if row.place >> 30 != UInt32(RowView.name) {
                total += min(row.multiplicity, Int(UInt16.max)) * portGroups[Int(row.group) - 1].count
            }
        }
        set(ServiceBlock.Field.serviceWeightTotal, UInt32(clamping: total))
        set(ServiceBlock.Field.orderOffset, count: bytes.count)
        let order = rows.indices.sorted { (rows[$0].place, $0) < (rows[$1].place, $1) }
        for index in order { append32(index) }
    }

    // MARK: Bytes

    /// The order in which `ServiceBlock.findLabel` searches.
    private static func labelOrder(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count != right.count ? left.count < right.count : left.lexicographicallyPrecedes(right)
    }

    /// Any order will do, if it depends on the ports alone.
    private static func portOrder(_ left: [ServiceRecords.Port], _ right: [ServiceRecords.Port]) -> Bool {
        for (left, right) in zip(left, right) {
            if left.number != right.number { return left.number < right.number }
            if left.name != right.name { return left.name.lexicographicallyPrecedes(right.name) }
            if left.transport != right.transport { return left.transport.lexicographicallyPrecedes(right.transport) }
        }
        return left.count < right.count
    }

    private mutating func put(_ addresses: [AddressKey], count: Int, offset: Int) {
        set(count, count: addresses.count)
        set(offset, count: bytes.count)
        for address in addresses {
            if address.isIPv4 {
                // SAFETY: the bytes of a number are copied while the closure runs.
                withUnsafeBytes(of: address.ipv4.bigEndian) { bytes += $0 }
            } else {
                withUnsafeBytes(of: address.high.bigEndian) { bytes += $0 }
                withUnsafeBytes(of: address.low.bigEndian) { bytes += $0 }
            }
        }
        align()
    }

    private mutating func align() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    // SAFETY of the functions below: the bytes of a number are copied while the closure runs.

    private mutating func append16(_ value: UInt16) { withUnsafeBytes(of: value) { bytes += $0 } }
    private mutating func append32(_ value: UInt32) { withUnsafeBytes(of: value) { bytes += $0 } }
    private mutating func append32(_ value: Int) { append32(UInt32(clamping: value)) }

    private mutating func set(_ field: Int, count: Int) { set(field, UInt32(clamping: count)) }

    private mutating func set(_ field: Int, _ value: UInt32) {
        withUnsafeBytes(of: value) { source in
            for (index, byte) in source.enumerated() { bytes[field + index] = byte }
        }
    }
}

extension ServiceRecords {
    /// The key of a service: the labels of its name and namespace with their length bytes, as they stand in a query.
    package static func key(namespace: [UInt8], service: [UInt8]) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(service.count + namespace.count + 2)
        key.append(UInt8(truncatingIfNeeded: service.count))
        key += service
        key.append(UInt8(truncatingIfNeeded: namespace.count))
        key += namespace
        return key
    }
}
