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
    /// A label of the block, and the ports of its rows.
    private struct BlockLabel {
        var label: ServiceRecords.Label
        var firstRow: Int
        var group: Int
    }

    private let records: ServiceRecords
    /// The groups that endpoints have, in an order of their own: that of the slices is chance.
    private var portGroups: [[ServiceRecords.Port]] = []
    /// By number in the records: the number in the block, 0 for a group without endpoints.
    private var groupNumbers: [UInt16]
    private var zones: [[UInt8]] = []
    /// By number in the records, where 0 stands for none: the number in the block.
    private var zoneNumbers: [UInt16] = [0]
    private var bytes: [UInt8] = []

    init(_ records: ServiceRecords) {
        self.records = records
        groupNumbers = [UInt16](repeating: 0, count: records.portGroups.count)
    }

    mutating func compile() -> [UInt8] {
        bytes.reserveCapacity(ServiceBlock.Field.size + 256 + records.rows.count * 56)
        bytes.append(contentsOf: repeatElement(0, count: ServiceBlock.Field.size))
        sortPortGroups()
        sortZones()
        putFlagsAndKey()
        putClusterAddresses()
        let pools = AddressPools(records)
        putPools(pools)
        let (rows, labels, merged) = makeRows(pools)
        putPortGroups(merged: merged)
        putZones()
        putLabels(labels)
        putRows(rows, pools)
        return bytes
    }

    private mutating func sortPortGroups() {
        for row in records.rows { groupNumbers[Int(row.portGroup)] = 1 }
        let used = groupNumbers.indices.filter { groupNumbers[$0] != 0 }
        var sorted = used.map { records.portGroups[$0] }
        if sorted.count > 1 { sorted = Set(sorted).sorted(by: ServiceBlockCompiler.portOrder) }
        portGroups = sorted
        guard portGroups.count > 1 else { return }
        var numbers: [[ServiceRecords.Port]: UInt16] = [:]
        for (number, ports) in portGroups.enumerated() { numbers[ports] = UInt16(truncatingIfNeeded: number + 1) }
        for group in used { groupNumbers[group] = numbers[records.portGroups[group]] ?? 0 }
    }

    private mutating func sortZones() {
        guard !records.zones.isEmpty else { return }
        var isUsed = [Bool](repeating: false, count: records.zones.count + 1)
        for row in records.rows { isUsed[Int(row.zone)] = true }
        let order = records.zones.indices.filter { isUsed[$0 + 1] }.sorted {
            records.zones[$0].lexicographicallyPrecedes(records.zones[$1])
        }
        zoneNumbers = [UInt16](repeating: 0, count: records.zones.count + 1)
        for (number, zone) in order.enumerated() { zoneNumbers[zone + 1] = UInt16(truncatingIfNeeded: number + 1) }
        zones = order.map { records.zones[$0] }
    }

    // MARK: Rows

    /// An endpoint on its way to its place.
    private struct Candidate {
        var high: UInt64
        var low: UInt64
        var number: UInt32
        var place: UInt32
    }

    /// The rows in their order, equal ones as one, and the labels that they have.
    private func makeRows(_ pools: AddressPools) -> (
        rows: [BlockRow], labels: [BlockLabel], merged: [[LabelPorts.Port]]
    ) {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(records.rows.count)
        let prefix = records.commonPrefix
        for (number, row) in records.rows.enumerated() {
            let key = records.sortKey(of: row.label, commonPrefix: prefix).value
            candidates.append(
                Candidate(
                    high: UInt64(truncatingIfNeeded: key &>> 64), low: UInt64(truncatingIfNeeded: key),
                    number: UInt32(truncatingIfNeeded: number), place: pools.places[number]))
        }
        candidates.sort { left, right in
            if left.high != right.high { return left.high < right.high }
            if left.low != right.low { return left.low < right.low }
            return precedes(left, right)
        }
        var rows: [BlockRow] = []
        rows.reserveCapacity(candidates.count)
        var labels: [BlockLabel] = []
        labels.reserveCapacity(candidates.count)
        var ports = LabelPorts(portGroups: portGroups)
        for candidate in candidates {
            let row = records.rows[Int(candidate.number)]
            if labels.last.map({ records.compare($0.label, row.label) == 0 }) != true {
                if let last = labels.last { labels[labels.count - 1].group = ports.group(of: rows[last.firstRow...]) }
                labels.append(BlockLabel(label: row.label, firstRow: rows.count, group: -1))
            }
            let group = groupNumbers[Int(row.portGroup)]
            let zone = zoneNumbers[Int(row.zone)]
            let flags: UInt16 = row.isHostname ? 1 : 0
            let label = UInt32(truncatingIfNeeded: labels.count - 1)
            if let last = rows.last, last.label == label, last.place == candidate.place, last.group == group,
                last.zone == zone
            {
                if last.multiplicity < .max { rows[rows.count - 1].multiplicity += 1 }
                rows[rows.count - 1].flags |= flags
            } else {
                rows.append(
                    BlockRow(
                        place: candidate.place, label: label, group: group, zone: zone, multiplicity: 1, flags: flags))
            }
        }
        if let last = labels.last { labels[labels.count - 1].group = ports.group(of: rows[last.firstRow...]) }
        return (rows, labels, ports.merged)
    }

    /// The order of two endpoints whose labels' keys are equal.
    private func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
        let (one, two) = (records.rows[Int(left.number)], records.rows[Int(right.number)])
        let order = records.compare(one.label, two.label)
        if order != 0 { return order < 0 }
        if left.place != right.place { return left.place < right.place }
        let (group, other) = (groupNumbers[Int(one.portGroup)], groupNumbers[Int(two.portGroup)])
        if group != other { return group < other }
        return zoneNumbers[Int(one.zone)] < zoneNumbers[Int(two.zone)]
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
        var unique: [AddressKey] = []
        for address in records.clusterAddresses where !unique.contains(address) { unique.append(address) }
        let ipv4 = unique.filter(\.isIPv4).map(\.ipv4)
        put(ipv4, count: ServiceBlock.Field.clusterIPv4Count, offset: ServiceBlock.Field.clusterIPv4Offset)
        let ipv6 = unique.filter { !$0.isIPv4 }
        put(ipv6, count: ServiceBlock.Field.clusterIPv6Count, offset: ServiceBlock.Field.clusterIPv6Offset)
    }

    private mutating func putPools(_ pools: AddressPools) {
        put(pools.ipv4, count: ServiceBlock.Field.poolIPv4Count, offset: ServiceBlock.Field.poolIPv4Offset)
        put(pools.ipv6, count: ServiceBlock.Field.poolIPv6Count, offset: ServiceBlock.Field.poolIPv6Offset)
        putTexts(pools.targets, count: ServiceBlock.Field.targetCount, offset: ServiceBlock.Field.targetOffset)
    }

    private mutating func putZones() {
        putTexts(zones, count: ServiceBlock.Field.zoneCount, offset: ServiceBlock.Field.zoneOffset)
    }

    /// Group 0 is the service's own ports, the slices' groups follow, and then those that labels of several groups have.
    /// Ports ascend by number, so that equal numbers are neighbours.
    private mutating func putPortGroups(merged: [[LabelPorts.Port]]) {
        var groups: [(Int, Int)] = []
        let slices = ([records.ports] + portGroups).map { ports in ports.map { LabelPorts.Port(port: $0, zone: 0) } }
        for ports in slices + merged {
            let ports = ports.count > 1 ? ports.sorted(by: LabelPorts.order) : ports
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

    private mutating func putLabels(_ labels: [BlockLabel]) {
        let texts = bytes.count
        // Each label with its length byte in front; what the last one's key has beyond its end is overwritten below.
        let room = labels.reduce(0) { $0 + $1.label.key.length + 1 }
        let spare = 16
        let records = records
        var offsets: [UInt32] = []
        offsets.reserveCapacity(labels.count)
        fill(room + spare) { memory in
            // SAFETY: each label is stored within `room`; the store of a whole key reaches at most 15 bytes beyond.
            var offset = 0
            for label in labels {
                offsets.append(UInt32(clamping: texts + offset))
                (memory + offset).storeBytes(of: label.label.key.value.bigEndian, as: UInt128.self)
                if label.label.key.length > EndpointLabelKey.wholeLength {
                    records.copyWholeLabel(label.label, to: memory + (offset + 1))
                }
                offset += label.label.key.length + 1
            }
            (memory + room).initializeMemory(as: UInt8.self, repeating: 0, count: spare)
        }
        bytes.removeLast(spare)
        align()
        set(ServiceBlock.Field.labelCount, count: labels.count)
        set(ServiceBlock.Field.labelOffset, count: bytes.count)
        let mostOwn = portGroups.count
        fill(labels.count * ServiceBlock.labelEntrySize) { memory in
            // SAFETY: one entry for each label.
            for (number, label) in labels.enumerated() {
                let entry = memory + number * ServiceBlock.labelEntrySize
                entry.storeBytes(of: offsets[number], as: UInt32.self)
                entry.storeBytes(of: UInt32(clamping: label.firstRow), toByteOffset: 4, as: UInt32.self)
                // One more than the group's number: 0 stands for a label without ports.
                let group = UInt32(truncatingIfNeeded: label.group + 1) & ServiceBlock.groupMask
                let isMerged = label.group > mostOwn ? ServiceBlock.mergedFlag : 0
                entry.storeBytes(of: group | isMerged, toByteOffset: 8, as: UInt32.self)
            }
        }
    }

    private mutating func putRows(_ rows: [BlockRow], _ pools: AddressPools) {
        set(ServiceBlock.Field.rowCount, count: rows.count)
        set(ServiceBlock.Field.rowOffset, count: bytes.count)
        var total = 0
        let portCounts = [0] + portGroups.map(\.count)
        var starts = [UInt32](repeating: 0, count: pools.count + 1)
        for row in rows {
            starts[pools.rank(row.place) + 1] += 1
            if !row.isName { total += Int(row.multiplicity) * portCounts[Int(row.group)] }
        }
        fill(rows.count * RowView.size) { memory in
            // SAFETY: one entry for each row.
            for (number, row) in rows.enumerated() {
                let entry = memory + number * RowView.size
                entry.storeBytes(of: row.place, as: UInt32.self)
                entry.storeBytes(of: row.label, toByteOffset: 4, as: UInt32.self)
                entry.storeBytes(of: row.group, toByteOffset: 8, as: UInt16.self)
                entry.storeBytes(of: row.zone, toByteOffset: 10, as: UInt16.self)
                entry.storeBytes(of: row.multiplicity, toByteOffset: 12, as: UInt16.self)
                entry.storeBytes(of: row.flags, toByteOffset: 14, as: UInt16.self)
            }
        }
        set(ServiceBlock.Field.serviceWeightTotal, UInt32(clamping: total))
        set(ServiceBlock.Field.orderOffset, count: bytes.count)
        for rank in starts.indices.dropFirst() { starts[rank] += starts[rank - 1] }
        fill(rows.count * 4) { memory in
            // SAFETY: the rows of each address were counted, so that every row has a place of its own.
            for (number, row) in rows.enumerated() {
                let rank = pools.rank(row.place)
                (memory + Int(starts[rank]) * 4).storeBytes(of: UInt32(clamping: number), as: UInt32.self)
                starts[rank] += 1
            }
        }
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

    // MARK: Bytes

    private mutating func put(_ addresses: [UInt32], count: Int, offset: Int) {
        set(count, count: addresses.count)
        set(offset, count: bytes.count)
        fill(addresses.count * 4) { memory in
            // SAFETY: four bytes for each address.
            for (place, address) in addresses.enumerated() {
                (memory + place * 4).storeBytes(of: address.bigEndian, as: UInt32.self)
            }
        }
    }

    private mutating func put(_ addresses: [AddressKey], count: Int, offset: Int) {
        set(count, count: addresses.count)
        set(offset, count: bytes.count)
        fill(addresses.count * 16) { memory in
            // SAFETY: sixteen bytes for each address.
            for (place, address) in addresses.enumerated() {
                (memory + place * 16).storeBytes(of: address.high.bigEndian, as: UInt64.self)
                (memory + place * 16).storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }

    private mutating func putTexts(_ texts: [[UInt8]], count: Int, offset: Int) {
        var entries: [(Int, Int)] = []
        for text in texts {
            entries.append((bytes.count, text.count))
            bytes += text
        }
        align()
        set(count, count: texts.count)
        set(offset, count: bytes.count)
        for (offset, count) in entries {
            append32(offset)
            append32(count)
        }
    }

    /// Appends `count` bytes, which `body` is to write.
    private mutating func fill(_ count: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        bytes.withUnsafeMutableBytes { all in
            // SAFETY: `count` bytes from `start` on were just appended.
            if count > 0, let base = all.baseAddress { body(base + start) }
        }
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
