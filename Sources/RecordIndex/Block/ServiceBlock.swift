import DNSWire

/// A service compiled to bytes: everything that an answer needs, in the order in which answers need it. This is a view; the
/// bytes belong to a `ServiceBlockMemory`, which the snapshot in use keeps alive.
///
/// Layout: a header of fixed fields, then (each at the offset that the header names) the key, the cluster addresses, the
/// IPv4 and IPv6 address pools, ports, port groups, labels, zones, rows, and the rows' order by address.
public struct ServiceBlock {
    @usableFromInline let base: UnsafeRawPointer

    @inlinable init(base: UnsafeRawPointer) { self.base = base }

    // SAFETY of every load below: the builder wrote the block, offsets and counts included, and nothing changes it later.

    /// Offsets of the header's fields.
    @usableFromInline enum Field {
        @inlinable static var flags: Int { 0 }
        @inlinable static var keyLength: Int { 4 }
        @inlinable static var serviceLength: Int { 8 }
        @inlinable static var keyOffset: Int { 12 }
        @inlinable static var clusterIPv4Count: Int { 16 }
        @inlinable static var clusterIPv6Count: Int { 20 }
        @inlinable static var clusterIPv4Offset: Int { 24 }
        @inlinable static var clusterIPv6Offset: Int { 28 }
        @inlinable static var poolIPv4Count: Int { 32 }
        @inlinable static var poolIPv6Count: Int { 36 }
        @inlinable static var poolIPv4Offset: Int { 40 }
        @inlinable static var poolIPv6Offset: Int { 44 }
        @inlinable static var targetCount: Int { 48 }
        @inlinable static var targetOffset: Int { 52 }
        @inlinable static var groupCount: Int { 56 }
        @inlinable static var groupOffset: Int { 60 }
        @inlinable static var labelCount: Int { 64 }
        @inlinable static var labelOffset: Int { 68 }
        @inlinable static var rowCount: Int { 72 }
        @inlinable static var rowOffset: Int { 76 }
        @inlinable static var orderOffset: Int { 80 }
        @inlinable static var zoneCount: Int { 84 }
        @inlinable static var zoneOffset: Int { 88 }
        @inlinable static var serviceWeightTotal: Int { 92 }
        @inlinable static var externalNameOffset: Int { 96 }
        @inlinable static var externalNameLength: Int { 100 }
        @inlinable static var size: Int { 104 }
    }

    @usableFromInline enum Flag {
        @inlinable static var headless: UInt32 { 1 }
        @inlinable static var externalName: UInt32 { 2 }
        @inlinable static var forward: UInt32 { 4 }
        @inlinable static var reverse: UInt32 { 8 }
        @inlinable static var imported: UInt32 { 16 }
    }

    @inlinable func field(_ offset: Int) -> Int {
        Int(base.load(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable public var isHeadless: Bool { field(Field.flags) & Int(Flag.headless) != 0 }
    @inlinable public var isExternalName: Bool { field(Field.flags) & Int(Flag.externalName) != 0 }
    @inlinable public var answersForward: Bool { field(Field.flags) & Int(Flag.forward) != 0 }
    @inlinable public var answersReverse: Bool { field(Field.flags) & Int(Flag.reverse) != 0 }

    /// Whether the service is imported from other clusters: then its labels are those of `ImportedLabel`.
    @inlinable public var isImported: Bool { field(Field.flags) & Int(Flag.imported) != 0 }

    /// The key: service and namespace as two labels with their length bytes, followed by the label `svc`: just what follows
    /// an endpoint's label in its name.
    @inlinable public var key: UnsafeRawPointer { base + field(Field.keyOffset) }
    /// Length of the two labels of the key, in bytes; `svc` is not counted.
    @inlinable public var keyLength: Int { field(Field.keyLength) }
    /// Length of `key` with the label `svc`.
    @inlinable public var suffixLength: Int { keyLength &+ 4 }

    // MARK: Addresses

    @inlinable public var clusterIPv4Count: Int { field(Field.clusterIPv4Count) }
    @inlinable public var clusterIPv6Count: Int { field(Field.clusterIPv6Count) }
    /// The cluster's IPv4 addresses, 4 bytes each in network order.
    @inlinable public var clusterIPv4: UnsafeRawPointer { base + field(Field.clusterIPv4Offset) }
    /// The cluster's IPv6 addresses, 16 bytes each.
    @inlinable public var clusterIPv6: UnsafeRawPointer { base + field(Field.clusterIPv6Offset) }
    @inlinable public var poolIPv4Count: Int { field(Field.poolIPv4Count) }
    @inlinable public var poolIPv6Count: Int { field(Field.poolIPv6Count) }
    @inlinable public var hasClusterAddress: Bool { clusterIPv4Count &+ clusterIPv6Count > 0 }
    /// The endpoints' IPv4 addresses, ascending, each once.
    @inlinable public var poolIPv4: UnsafeRawPointer { base + field(Field.poolIPv4Offset) }
    /// The endpoints' IPv6 addresses, ascending, each once.
    @inlinable public var poolIPv6: UnsafeRawPointer { base + field(Field.poolIPv6Offset) }

    // MARK: Ports

    /// Index of the port group that holds the service's own ports (those of the Service object).
    @inlinable public var serviceGroup: Int { 0 }
    /// Sum, over the rows, of the ports that each stands for: what SRV weights of an unfiltered answer divide by.
    @inlinable public var serviceWeightTotal: Int { field(Field.serviceWeightTotal) }
    @inlinable public var groupCount: Int { field(Field.groupCount) }

    @inlinable public func portCount(group: Int) -> Int {
        Int(base.load(fromByteOffset: field(Field.groupOffset) &+ group &* 8 &+ 4, as: UInt32.self))
    }

    @inlinable public func port(_ index: Int, group: Int) -> PortView {
        let start = Int(base.load(fromByteOffset: field(Field.groupOffset) &+ group &* 8, as: UInt32.self))
        return PortView(base: base, offset: start &+ index &* PortView.size)
    }

    // MARK: Labels

    @inlinable public var labelCount: Int { field(Field.labelCount) }

    /// Offset of the label, first row, port group and whether that is of several slices: 4 bytes each.
    @inlinable static var labelEntrySize: Int { 12 }
    @inlinable static var groupMask: UInt32 { 0x7FFF_FFFF }
    /// Beside a label's port group: it is of several slices.
    @inlinable static var mergedFlag: UInt32 { 0x8000_0000 }

    @inlinable func labelField(_ index: Int, _ offset: Int) -> Int {
        let entry = field(Field.labelOffset) &+ index &* ServiceBlock.labelEntrySize
        return Int(base.load(fromByteOffset: entry &+ offset, as: UInt32.self))
    }

    /// Label `index` with its length byte in front. Labels are in the order of `compareLabels`.
    @inlinable public func label(_ index: Int) -> UnsafeRawPointer { base + labelField(index, 0) }

    /// First row of label `index`; the rows of a label are neighbours.
    @inlinable public func firstRow(ofLabel index: Int) -> Int { labelField(index, 4) }

    /// The group that has all ports of label `index`, whichever slices they come from; -1 where the label has none.
    @inlinable public func portGroup(ofLabel index: Int) -> Int {
        labelField(index, 8) & Int(ServiceBlock.groupMask) &- 1
    }

    /// Whether the ports of label `index` come from several slices' groups: then each knows its topology zone.
    @inlinable public func hasMergedPorts(label index: Int) -> Bool {
        labelField(index, 8) & Int(ServiceBlock.mergedFlag) != 0
    }

    /// The row behind the last one of label `index`.
    @inlinable public func endRow(ofLabel index: Int) -> Int {
        index &+ 1 < labelCount ? firstRow(ofLabel: index &+ 1) : rowCount
    }

    /// Index of the label that equals the one at `wanted` (length byte in front, lower case), -1 where there is none.
    @inlinable public func findLabel(_ wanted: UnsafeRawPointer) -> Int {
        var low = 0
        var high = labelCount
        while low < high {
            let middle = (low &+ high) / 2
            let order = ServiceBlock.compareLabels(label(middle), wanted)
            if order == 0 { return middle }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return -1
    }

    /// Shorter labels first, then by bytes: an order that needs one comparison most of the time.
    @inlinable public static func compareLabels(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Int {
        let leftLength = Int(left.load(as: UInt8.self))
        let rightLength = Int(right.load(as: UInt8.self))
        if leftLength != rightLength { return leftLength &- rightLength }
        var index = 1
        while index <= leftLength {
            let difference =
                Int(left.load(fromByteOffset: index, as: UInt8.self))
                &- Int(right.load(fromByteOffset: index, as: UInt8.self))
            if difference != 0 { return difference }
            index &+= 1
        }
        return 0
    }

    // MARK: Zones

    /// Number of the zone whose value is the `count` bytes at `wanted`, 0 where no endpoint carries it.
    @inlinable public func findZone(_ wanted: UnsafeRawPointer, _ count: Int) -> Int {
        var index = 0
        while index < field(Field.zoneCount) {
            let entry = field(Field.zoneOffset) &+ index &* 8
            let start = base + Int(base.load(fromByteOffset: entry, as: UInt32.self))
            if Int(base.load(fromByteOffset: entry &+ 4, as: UInt32.self)) == count, equalBytes(start, wanted, count) {
                return index &+ 1
            }
            index &+= 1
        }
        return 0
    }

    // MARK: Rows

    @inlinable public var rowCount: Int { field(Field.rowCount) }

    @inlinable public func row(_ index: Int) -> RowView {
        RowView(base: base + (field(Field.rowOffset) &+ index &* RowView.size))
    }

    /// The row that comes at place `place` when rows are ordered by address; rows of one address are neighbours.
    @inlinable public func rowByAddress(_ place: Int) -> Int {
        Int(base.load(fromByteOffset: field(Field.orderOffset) &+ place &* 4, as: UInt32.self))
    }

    /// Whether any row stands for a name.
    @inlinable public var hasTargets: Bool { field(Field.targetCount) > 0 }

    /// The place, in the order by address, of the first row at `address`; -1 where there is none.
    @inlinable public func firstPlace(of address: AddressKey) -> Int {
        let wanted = poolPlace(of: address)
        guard wanted >= 0 else { return -1 }
        var low = 0
        var high = rowCount
        while low < high {
            let middle = (low &+ high) / 2
            if Int(row(rowByAddress(middle)).place) < wanted { low = middle &+ 1 } else { high = middle }
        }
        return low < rowCount && Int(row(rowByAddress(low)).place) == wanted ? low : -1
    }

    /// What the rows at `address` have as their place; -1 where the pools lack it.
    @inlinable func poolPlace(of address: AddressKey) -> Int {
        var low = 0
        var high = address.isIPv4 ? poolIPv4Count : poolIPv6Count
        while low < high {
            let middle = (low &+ high) / 2
            let found = address.isIPv4 ? ipv4(middle) : ipv6(middle)
            if found == address { return address.isIPv4 ? middle : 1 &<< 30 | middle }
            if found < address { low = middle &+ 1 } else { high = middle }
        }
        return -1
    }

    @inlinable func ipv4(_ index: Int) -> AddressKey {
        AddressKey(ipv4: UInt32(bigEndian: poolIPv4.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)))
    }

    @inlinable func ipv6(_ index: Int) -> AddressKey {
        AddressKey(
            high: UInt64(bigEndian: poolIPv6.loadUnaligned(fromByteOffset: index &* 16, as: UInt64.self)),
            low: UInt64(bigEndian: poolIPv6.loadUnaligned(fromByteOffset: index &* 16 &+ 8, as: UInt64.self)))
    }

    /// The bytes of a row's address: 4 or 16.
    @inlinable public func address(of row: RowView) -> UnsafeRawPointer {
        row.kind == RowView.ipv4 ? poolIPv4 + (row.index &* 4) : poolIPv6 + (row.index &* 16)
    }

    /// The name that a row of a slice of type FQDN stands for, in wire form, and its length.
    @inlinable public func target(of row: RowView) -> (UnsafeRawPointer, Int) {
        let entry = field(Field.targetOffset) &+ row.index &* 8
        return (
            base + Int(base.load(fromByteOffset: entry, as: UInt32.self)),
            Int(base.load(fromByteOffset: entry &+ 4, as: UInt32.self))
        )
    }

    /// The alias's target in wire form, and its length.
    @inlinable public var externalName: (UnsafeRawPointer, Int) {
        (base + field(Field.externalNameOffset), field(Field.externalNameLength))
    }
}

/// A port within a block.
public struct PortView {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let offset: Int

    /// number (4), name offset (4), name length (1), transport length (1), zone (2); the transport follows the name.
    @inlinable static var size: Int { 12 }

    @inlinable init(base: UnsafeRawPointer, offset: Int) {
        self.base = base
        self.offset = offset
    }

    /// The port number, -1 where a service or slice has no ports.
    @inlinable public var number: Int32 { base.load(fromByteOffset: offset, as: Int32.self) }

    /// In the merged ports of a label: the topology zone of the rows that have the port.
    @inlinable public var zone: Int { Int(base.load(fromByteOffset: offset &+ 10, as: UInt16.self)) }

    /// Whether the port's name is the `count` bytes at `wanted`; no bytes match every port (CoreDNS's rule).
    @inlinable public func isNamed(_ wanted: UnsafeRawPointer, _ count: Int) -> Bool {
        if count == 0 { return true }
        guard Int(base.load(fromByteOffset: offset &+ 8, as: UInt8.self)) == count else { return false }
        return equalBytes(base + Int(base.load(fromByteOffset: offset &+ 4, as: UInt32.self)), wanted, count)
    }

    /// Whether the port's transport is the `count` bytes at `wanted`; no bytes match every port (CoreDNS's rule).
    @inlinable public func hasTransport(_ wanted: UnsafeRawPointer, _ count: Int) -> Bool {
        if count == 0 { return true }
        guard Int(base.load(fromByteOffset: offset &+ 9, as: UInt8.self)) == count else { return false }
        let name = Int(base.load(fromByteOffset: offset &+ 4, as: UInt32.self))
        let nameLength = Int(base.load(fromByteOffset: offset &+ 8, as: UInt8.self))
        return equalBytes(base + (name &+ nameLength), wanted, count)
    }
}

/// One endpoint of a service within a block: an address (or name), the label it answers to, and its ports.
public struct RowView {
    @usableFromInline let base: UnsafeRawPointer

    /// place (4), label (4), port group (2), zone (2), multiplicity (2), flags (2).
    @inlinable static var size: Int { 16 }
    @inlinable public static var ipv4: Int { 0 }
    @inlinable public static var ipv6: Int { 1 }
    /// A row of a slice of address type FQDN.
    @inlinable public static var name: Int { 2 }

    @inlinable init(base: UnsafeRawPointer) { self.base = base }

    /// Kind and index in one number: rows have the same address where these are equal.
    @inlinable public var place: UInt32 { base.load(as: UInt32.self) }
    @inlinable public var kind: Int { Int(place &>> 30) }
    /// Index into the pool of its kind.
    @inlinable public var index: Int { Int(place & 0x3FFF_FFFF) }
    @inlinable public var label: Int { Int(base.load(fromByteOffset: 4, as: UInt32.self)) }
    @inlinable public var portGroup: Int { Int(base.load(fromByteOffset: 8, as: UInt16.self)) }
    /// 0 where the endpoint has no topology zone.
    @inlinable public var zone: Int { Int(base.load(fromByteOffset: 10, as: UInt16.self)) }
    /// How many equal endpoints the row stands for: CoreDNS counts each of them in the SRV weight.
    @inlinable public var multiplicity: Int { Int(base.load(fromByteOffset: 12, as: UInt16.self)) }
    /// Whether the label is the pod's own hostname.
    @inlinable public var isHostname: Bool { base.load(fromByteOffset: 14, as: UInt16.self) & 1 != 0 }
}
