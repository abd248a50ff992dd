import DNSWire

/// A service compiled to bytes: everything that an answer needs, in few bytes. This is a view; the bytes belong to a
/// `ServiceBlockMemory`, which the snapshot in use keeps alive.
///
/// Layout: a header of fixed fields, then the key, the alias's target, the cluster addresses, the address pools (IPv4,
/// IPv6), names and zones where there are any, ports, port groups, attributes, label runs, labels, rows, and the rows'
/// order by address. What counts rows or points at them takes two bytes, or four in a wide block (`Flag.wide`). Only the
/// header is aligned.
public struct ServiceBlock {
    @usableFromInline let base: UnsafeRawPointer

    @inlinable init(base: UnsafeRawPointer) { self.base = base }

    // SAFETY of every load below: the builder wrote the block, offsets and counts included, and nothing changes it later.

    /// Offsets of the header's fields; 4 bytes each where nothing else is said.
    @usableFromInline enum Field {
        /// 2 bytes.
        @inlinable static var flags: Int { 0 }
        /// 1 byte.
        @inlinable static var keyLength: Int { 2 }
        /// Different lengths of labels; 1 byte, as labels have at most 63 bytes, and those of `ImportedLabel` 128.
        @inlinable static var runCount: Int { 3 }
        /// 2 bytes, as the three below.
        @inlinable static var clusterIPv4Count: Int { 4 }
        @inlinable static var clusterIPv6Count: Int { 6 }
        @inlinable static var clusterOffset: Int { 8 }
        @inlinable static var externalNameLength: Int { 10 }
        /// Bytes of the whole block.
        @inlinable static var blockSize: Int { 12 }
        @inlinable static var poolIPv4Count: Int { 16 }
        @inlinable static var poolIPv6Count: Int { 20 }
        @inlinable static var poolOffset: Int { 24 }
        @inlinable static var groupCount: Int { 28 }
        @inlinable static var groupOffset: Int { 32 }
        @inlinable static var labelCount: Int { 36 }
        @inlinable static var runOffset: Int { 40 }
        @inlinable static var rowCount: Int { 44 }
        @inlinable static var rowOffset: Int { 48 }
        @inlinable static var attributeOffset: Int { 52 }
        /// Counts and offsets of the names that rows stand for, and of the topology zones, and the offset of the aliases; 0
        /// where there is nothing of these.
        @inlinable static var extraOffset: Int { 56 }
        @inlinable static var serviceWeightTotal: Int { 60 }
        @inlinable static var size: Int { 64 }
    }

    @usableFromInline enum Flag {
        @inlinable static var headless: UInt16 { 1 }
        @inlinable static var externalName: UInt16 { 2 }
        @inlinable static var forward: UInt16 { 4 }
        @inlinable static var reverse: UInt16 { 8 }
        /// The third label belongs to the key, of an imported service (`svc`) and of a pod (`pod`): that keeps them apart
        /// from services.
        @inlinable static var wholeKey: UInt16 { 16 }
        /// Rows are counted in four bytes.
        @inlinable static var wide: UInt16 { 32 }
        /// Some label has several rows.
        @inlinable static var severalRows: UInt16 { 64 }
        /// Some row stands for a name.
        @inlinable static var targets: UInt16 { 128 }
        /// Some row has further names.
        @inlinable static var aliases: UInt16 { 256 }
    }

    /// Most rows, labels and addresses of a block that is not wide.
    static let mostNarrow = Int(UInt16.max)

    @inlinable func field(_ offset: Int) -> Int {
        Int(base.load(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable func shortField(_ offset: Int) -> Int {
        Int(base.load(fromByteOffset: offset, as: UInt16.self))
    }

    @inlinable func has(_ flag: UInt16) -> Bool { base.load(as: UInt16.self) & flag != 0 }

    /// Number `index` of those that begin at offset `start`.
    @inlinable func number(_ start: Int, _ index: Int) -> Int {
        has(Flag.wide)
            ? Int(base.loadUnaligned(fromByteOffset: start &+ index &* 4, as: UInt32.self))
            : Int(base.loadUnaligned(fromByteOffset: start &+ index &* 2, as: UInt16.self))
    }

    /// Bytes that `count` numbers take.
    @inlinable func size(ofNumbers count: Int) -> Int { has(Flag.wide) ? count &* 4 : count &* 2 }

    @inlinable func long(_ offset: Int) -> Int {
        Int(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable public var isHeadless: Bool { has(Flag.headless) }
    @inlinable public var isExternalName: Bool { has(Flag.externalName) }
    @inlinable public var answersForward: Bool { has(Flag.forward) }
    @inlinable public var answersReverse: Bool { has(Flag.reverse) }

    /// Whether all three labels are the key: of what has no names but those, and no reverse ones.
    @inlinable var hasWholeKey: Bool { has(Flag.wholeKey) }
    /// Whether the service is imported from other clusters: then its labels are those of `ImportedLabel`. (No service is found
    /// where a pod's name is asked for, and the other way round.)
    @inlinable public var isImported: Bool { has(Flag.wholeKey) }

    /// The key: service and namespace as two labels with their length bytes, followed by the label `svc`: just what follows
    /// an endpoint's label in its name. Of a pod, its name and namespace and the label `pod`.
    @inlinable public var key: UnsafeRawPointer { base + Field.size }
    /// Length of the two labels of the key, in bytes; the third is not counted.
    @inlinable public var keyLength: Int { Int(base.load(fromByteOffset: Field.keyLength, as: UInt8.self)) }
    /// Length of `key` with the third label.
    @inlinable public var suffixLength: Int { keyLength &+ 4 }

    /// Whether the `count` bytes at `wanted` are the key, with the third label where that belongs to it
    /// (`ServiceRecords.key`).
    @inlinable func hasKey(_ wanted: UnsafeRawPointer, _ count: Int) -> Bool {
        (hasWholeKey ? suffixLength : keyLength) == count && equalBytes(key, wanted, count)
    }

    // MARK: Addresses

    @inlinable public var clusterIPv4Count: Int { shortField(Field.clusterIPv4Count) }
    @inlinable public var clusterIPv6Count: Int { shortField(Field.clusterIPv6Count) }
    /// The cluster's IPv4 addresses, 4 bytes each in network order.
    @inlinable public var clusterIPv4: UnsafeRawPointer { base + shortField(Field.clusterOffset) }
    /// The cluster's IPv6 addresses, 16 bytes each.
    @inlinable public var clusterIPv6: UnsafeRawPointer { clusterIPv4 + (clusterIPv4Count &* 4) }
    @inlinable public var poolIPv4Count: Int { field(Field.poolIPv4Count) }
    @inlinable public var poolIPv6Count: Int { field(Field.poolIPv6Count) }
    @inlinable public var hasClusterAddress: Bool { clusterIPv4Count &+ clusterIPv6Count > 0 }
    /// The endpoints' IPv4 addresses, ascending, each once.
    @inlinable public var poolIPv4: UnsafeRawPointer { base + field(Field.poolOffset) }
    /// The endpoints' IPv6 addresses, ascending, each once.
    @inlinable public var poolIPv6: UnsafeRawPointer { poolIPv4 + (poolIPv4Count &* 4) }

    // MARK: Ports

    /// Index of the port group that holds the service's own ports (those of the Service object).
    @inlinable public var serviceGroup: Int { 0 }
    /// Sum, over the rows, of the ports that each stands for: what SRV weights of an unfiltered answer divide by.
    @inlinable public var serviceWeightTotal: Int { field(Field.serviceWeightTotal) }
    @inlinable public var groupCount: Int { field(Field.groupCount) }

    /// Where the ports of a group begin; those of the group behind it follow its own.
    @inlinable func portOffset(ofGroup group: Int) -> Int { long(field(Field.groupOffset) &+ group &* 4) }

    @inlinable public func portCount(group: Int) -> Int {
        (portOffset(ofGroup: group &+ 1) &- portOffset(ofGroup: group)) / PortView.size
    }

    @inlinable public func port(_ index: Int, group: Int) -> PortView {
        PortView(base: base, offset: portOffset(ofGroup: group) &+ index &* PortView.size)
    }

    // MARK: Zones and names

    /// Number of the zone whose value is the `count` bytes at `wanted`, 0 where no endpoint carries it.
    @inlinable public func findZone(_ wanted: UnsafeRawPointer, _ count: Int) -> Int {
        let extra = field(Field.extraOffset)
        guard extra != 0 else { return 0 }
        let (zoneCount, zones) = (long(extra &+ 8), long(extra &+ 12))
        var index = 0
        while index < zoneCount {
            let entry = zones &+ index &* 8
            if long(entry &+ 4) == count, equalBytes(base + long(entry), wanted, count) { return index &+ 1 }
            index &+= 1
        }
        return 0
    }

    /// Whether any row stands for a name.
    @inlinable public var hasTargets: Bool { has(Flag.targets) }

    /// The name that a row of a slice of type FQDN stands for, in wire form, and its length.
    @inlinable public func target(of row: RowView) -> (UnsafeRawPointer, Int) {
        let entry = long(field(Field.extraOffset) &+ 4) &+ row.index &* 8
        return (base + long(entry), long(entry &+ 4))
    }

    /// The alias's target in wire form, and its length.
    @inlinable public var externalName: (UnsafeRawPointer, Int) {
        (key + suffixLength, shortField(Field.externalNameLength))
    }
}
