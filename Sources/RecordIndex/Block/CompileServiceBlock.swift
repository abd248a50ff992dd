import DNSWire

extension ServiceBlockMemory {
    /// Most port groups and topology zones that a service may have: their numbers take 16 bits. Endpoints beyond are left
    /// out; no cluster comes near.
    static let mostGroups = 65_000
    static let mostZones = 65_000
    /// Most cluster addresses of a service that are read. The API server takes two; what others write as an import's `ips`
    /// must not make the offset behind them too large for its two bytes.
    static let mostClusterAddresses = 256
    /// Names of ports that are looked through to write each once, before the search costs more than it saves.
    static let mostSharedTexts = 16

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
    private var bytes = BlockBytes()
    private var flags: UInt16 = 0
    /// By row in the records: the row in the block; empty where no endpoint has further names.
    private var blockRows: [UInt32] = []
    /// Where names of ports and transports stand already, the first of them: there are few.
    private var portTexts: [(text: [UInt8], offset: Int)] = []

    init(_ records: ServiceRecords) {
        self.records = records
        groupNumbers = [UInt16](repeating: 0, count: records.portGroups.count)
    }

    mutating func compile() -> [UInt8] {
        bytes.reserveCapacity(ServiceBlock.Field.size + 256 + records.rows.count * 32)
        bytes.append(contentsOf: repeatElement(0, count: ServiceBlock.Field.size))
        sortPortGroups()
        sortZones()
        let pools = AddressPools(records)
        let (rows, labels, merged) = makeRows(pools)
        setFlags(rows, labels, pools, mergedCount: merged.count)
        putKey()
        putClusterAddresses()
        putPools(pools)
        putExtras(pools, rows, labels)
        putPortGroups(merged: merged)
        let attributes = putAttributes(rows)
        putLabels(labels)
        putRows(rows, labels, attributes, pools)
        return bytes.all
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
    private mutating func makeRows(_ pools: AddressPools) -> (
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
        if !records.aliases.isEmpty { blockRows = [UInt32](repeating: 0, count: records.rows.count) }
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
            if !blockRows.isEmpty { blockRows[Int(candidate.number)] = UInt32(clamping: rows.count - 1) }
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

    private mutating func setFlags(
        _ rows: [BlockRow], _ labels: [BlockLabel], _ pools: AddressPools, mergedCount: Int
    ) {
        switch records.kind {
        case .clusterAddress: break
        case .headless: flags |= ServiceBlock.Flag.headless
        case .externalName: flags |= ServiceBlock.Flag.externalName
        }
        if records.answersForward { flags |= ServiceBlock.Flag.forward }
        if records.answersReverse { flags |= ServiceBlock.Flag.reverse }
        if records.isImported || records.isPod { flags |= ServiceBlock.Flag.wholeKey }
        if labels.count != rows.count { flags |= ServiceBlock.Flag.severalRows }
        if !pools.targets.isEmpty { flags |= ServiceBlock.Flag.targets }
        // Labels and pools have at most as many as there are rows, and attributes as well. Groups are doubled beside labels.
        let most = max(rows.count, (portGroups.count + mergedCount + 1) * 2 + 1)
        bytes.isWide = most > ServiceBlock.mostNarrow
        if bytes.isWide { flags |= ServiceBlock.Flag.wide }
        bytes.setShort(ServiceBlock.Field.flags, flags)
    }

    private mutating func putKey() {
        let key = ServiceRecords.key(namespace: records.namespace, service: records.name)
        bytes.set(ServiceBlock.Field.keyLength, byte: UInt8(truncatingIfNeeded: key.count))
        bytes.append(contentsOf: key)
        bytes.append(contentsOf: records.isPod ? ServiceRecords.podLabel : ServiceRecords.serviceLabel)
        bytes.setShort(ServiceBlock.Field.externalNameLength, UInt16(clamping: records.externalName.count))
        bytes.append(contentsOf: records.externalName)
    }

    private mutating func putClusterAddresses() {
        // CoreDNS answers each address once however often the object lists it, in the object's order.
        var unique: [AddressKey] = []
        for address in records.clusterAddresses.prefix(ServiceBlockMemory.mostClusterAddresses)
        where !unique.contains(address) { unique.append(address) }
        let ipv4 = unique.filter(\.isIPv4).map(\.ipv4)
        let ipv6 = unique.filter { !$0.isIPv4 }
        bytes.setShort(ServiceBlock.Field.clusterIPv4Count, UInt16(clamping: ipv4.count))
        bytes.setShort(ServiceBlock.Field.clusterIPv6Count, UInt16(clamping: ipv6.count))
        bytes.setShort(ServiceBlock.Field.clusterOffset, UInt16(clamping: bytes.count))
        bytes.put(ipv4)
        bytes.put(ipv6)
    }

    private mutating func putPools(_ pools: AddressPools) {
        bytes.set(ServiceBlock.Field.poolIPv4Count, count: pools.ipv4.count)
        bytes.set(ServiceBlock.Field.poolIPv6Count, count: pools.ipv6.count)
        bytes.set(ServiceBlock.Field.poolOffset, count: bytes.count)
        bytes.put(pools.ipv4)
        bytes.put(pools.ipv6)
    }

    /// What most services have nothing of.
    private mutating func putExtras(_ pools: AddressPools, _ rows: [BlockRow], _ labels: [BlockLabel]) {
        guard !pools.targets.isEmpty || !zones.isEmpty || !blockRows.isEmpty else { return }
        let targetOffset = bytes.putTexts(pools.targets)
        let zoneOffset = bytes.putTexts(zones)
        let aliasOffset = putAliases(rows, labels)
        bytes.set(ServiceBlock.Field.extraOffset, count: bytes.count)
        bytes.append32(pools.targets.count)
        bytes.append32(targetOffset)
        bytes.append32(zones.count)
        bytes.append32(zoneOffset)
        bytes.append32(aliasOffset)
    }

    /// Writes the names of endpoints beside their labels.
    ///
    /// - Returns: where they begin; 0 where there are none.
    private mutating func putAliases(_ rows: [BlockRow], _ labels: [BlockLabel]) -> Int {
        guard !blockRows.isEmpty else { return 0 }
        let aliases = BlockAliases(
            records, blockRow: blockRows, labels: labels.map { ($0.label, $0.firstRow) }, rowCount: rows.count
        ).all
        guard !aliases.isEmpty else { return 0 }
        flags |= ServiceBlock.Flag.aliases
        bytes.setShort(ServiceBlock.Field.flags, flags)
        var entries: [(text: Int, rows: Int, count: Int)] = []
        for alias in aliases {
            let text = bytes.count
            bytes.append(UInt8(truncatingIfNeeded: alias.label.key.length))
            bytes.append(contentsOf: records.bytes(of: alias.label))
            entries.append((text, bytes.count, alias.rows.count))
            bytes.putNumbers(alias.rows)
            guard alias.rows.count > 1 else { continue }
            bytes.putNumbers(
                alias.rows.sorted { left, right in
                    let (one, two) = (rows[Int(left)].place, rows[Int(right)].place)
                    return one != two ? one < two : left < right
                })
        }
        let offset = bytes.count
        bytes.append32(entries.count)
        for entry in entries {
            bytes.append32(entry.text)
            bytes.append32(entry.rows)
            bytes.append32(entry.count)
        }
        return offset
    }

    /// Group 0 is the service's own ports, the slices' groups follow, and then those that labels of several groups have.
    /// Ports ascend by number, so that equal numbers are neighbours.
    private mutating func putPortGroups(merged: [[LabelPorts.Port]]) {
        let slices = ([records.ports] + portGroups).map { ports in ports.map { LabelPorts.Port(port: $0, zone: 0) } }
        var entries: [(port: LabelPorts.Port, text: Int, nameCount: Int, transportCount: Int)] = []
        var counts: [Int] = []
        for ports in slices + merged {
            counts.append(ports.count)
            for port in ports.count > 1 ? ports.sorted(by: LabelPorts.order) : ports {
                // A label has at most 63 bytes, so a longer name is never asked for; 64 bytes are enough to match none.
                let name = port.port.name.prefix(QuestionName.longestLabel + 1)
                let transport = port.port.transport.prefix(QuestionName.longestLabel + 1)
                entries.append((port, putPortText(Array(name + transport)), name.count, transport.count))
            }
        }
        var offset = bytes.count
        for (port, text, nameCount, transportCount) in entries {
            bytes.append32(UInt32(bitPattern: port.port.number))
            bytes.append32(text)
            bytes.append(UInt8(truncatingIfNeeded: nameCount))
            bytes.append(UInt8(truncatingIfNeeded: transportCount))
            bytes.append16(port.zone)
        }
        bytes.set(ServiceBlock.Field.groupCount, count: counts.count)
        bytes.set(ServiceBlock.Field.groupOffset, count: bytes.count)
        bytes.append32(offset)
        for count in counts {
            offset += count * PortView.size
            bytes.append32(offset)
        }
    }

    /// Where the name of a port stands, with the transport behind it: that of the service and that of its slices are one.
    private mutating func putPortText(_ text: [UInt8]) -> Int {
        if let known = portTexts.first(where: { $0.text == text }) { return known.offset }
        let offset = bytes.count
        bytes.append(contentsOf: text)
        if portTexts.count < ServiceBlockMemory.mostSharedTexts { portTexts.append((text, offset)) }
        return offset
    }

    /// Writes each combination of attributes once.
    ///
    /// - Returns: the number of each row's.
    private mutating func putAttributes(_ rows: [BlockRow]) -> [UInt32] {
        bytes.set(ServiceBlock.Field.attributeOffset, count: bytes.count)
        var table = AttributeTable()
        let numbers = rows.map { table.number(of: $0) }
        for (attributes, addressCount) in zip(table.attributes, table.addressCounts) {
            bytes.append32(UInt32(truncatingIfNeeded: attributes))
            bytes.append32(UInt32(truncatingIfNeeded: attributes &>> 32))
            bytes.append32(addressCount)
        }
        return numbers
    }

    private mutating func putLabels(_ labels: [BlockLabel]) {
        bytes.set(ServiceBlock.Field.labelCount, count: labels.count)
        bytes.set(ServiceBlock.Field.runOffset, count: bytes.count)
        var runs: [(count: Int, stride: Int)] = []
        for label in labels {
            let stride = label.label.key.length + 1
            if runs.last?.stride != stride { runs.append((0, stride)) }
            runs[runs.count - 1].count += 1
        }
        bytes.set(ServiceBlock.Field.runCount, byte: UInt8(clamping: runs.count))
        bytes.putNumbers(runs.flatMap { [UInt32(clamping: $0.count), UInt32(clamping: $0.stride)] })
        // Each label with its length byte in front; what the last one's key has beyond its end is taken off again.
        let room = runs.reduce(0) { $0 + $1.count * $1.stride }
        let spare = 16
        let records = records
        bytes.fill(room + spare) { memory in
            // SAFETY: each label is stored within `room`; the store of a whole key reaches at most 15 bytes beyond.
            var offset = 0
            for label in labels {
                (memory + offset).storeBytes(of: label.label.key.value.bigEndian, as: UInt128.self)
                if label.label.key.length > EndpointLabelKey.wholeLength {
                    records.copyWholeLabel(label.label, to: memory + (offset + 1))
                }
                offset += label.label.key.length + 1
            }
        }
        bytes.removeLast(spare)
    }

    private mutating func putRows(
        _ rows: [BlockRow], _ labels: [BlockLabel], _ attributes: [UInt32], _ pools: AddressPools
    ) {
        bytes.set(ServiceBlock.Field.rowCount, count: rows.count)
        bytes.set(ServiceBlock.Field.rowOffset, count: bytes.count)
        var total = 0
        let portCounts = [0] + portGroups.map(\.count)
        var starts = [UInt32](repeating: 0, count: pools.count + 1)
        var numbers: [UInt32] = []
        numbers.reserveCapacity(rows.count * 2)
        for (number, row) in rows.enumerated() {
            let rank = pools.rank(row.place)
            numbers.append(UInt32(clamping: rank))
            numbers.append(attributes[number])
            starts[rank + 1] += 1
            if !row.isName { total += Int(row.multiplicity) * portCounts[Int(row.group)] }
        }
        bytes.putNumbers(numbers)
        bytes.set(ServiceBlock.Field.serviceWeightTotal, UInt32(clamping: total))
        for rank in starts.indices.dropFirst() { starts[rank] += starts[rank - 1] }
        var order = [UInt32](repeating: 0, count: rows.count)
        for number in rows.indices {
            let rank = Int(numbers[number * 2])
            order[Int(starts[rank])] = UInt32(clamping: number)
            starts[rank] += 1
        }
        bytes.putNumbers(order)
        guard flags & ServiceBlock.Flag.severalRows != 0 else { return }
        // Groups beyond the slices' own are those of several slices.
        let mostOwn = portGroups.count
        bytes.putNumbers(
            labels.flatMap { label in
                let group = UInt32(truncatingIfNeeded: label.group + 1) * 2 + (label.group > mostOwn ? 1 : 0)
                return [UInt32(clamping: label.firstRow), group]
            })
        bytes.putNumbers(rows.map(\.label))
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
}
