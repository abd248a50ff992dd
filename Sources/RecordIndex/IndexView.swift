/// What a worker reads of a snapshot: plain pointers, valid for as long as the worker keeps its reference to the
/// `IndexSnapshot` that they came from. Reading takes no lock and counts no references.
public struct IndexView {
    @usableFromInline let tables: UnsafeRawPointer
    @usableFromInline let hash: SeededHash
    /// Seconds since 1970 at which an answer last changed: the SOA serial.
    public let serial: UInt32
    /// What the index does not know yet.
    public let gaps: IndexGaps

    /// Number of shards of each table; the top byte of a hash chooses one.
    @inlinable public static var shardCount: Int { 256 }
    /// Number of blocks whose places share one chunk.
    @inlinable static var chunkSize: Int { 256 }

    @inlinable init(tables: UnsafeRawPointer, hash: SeededHash, serial: UInt32, gaps: IndexGaps) {
        self.tables = tables
        self.hash = hash
        self.serial = serial
        self.gaps = gaps
    }

    // The tables are one array of pointers: the shards of services, of reverse addresses and of pods, the namespaces, and
    // then the chunks of blocks.
    // SAFETY of the loads below: `IndexSnapshot` wrote the array, and values found in the tables are places of blocks.

    @inlinable static var serviceShards: Int { 0 }
    @inlinable static var reverseShards: Int { 256 }
    @inlinable static var podShards: Int { 512 }
    @inlinable static var namespaces: Int { 768 }
    @inlinable static var firstChunk: Int { 769 }

    @inlinable func table(_ index: Int) -> UnsafeRawPointer {
        tables.load(fromByteOffset: index &* 8, as: UnsafeRawPointer.self)
    }

    /// The block of the service whose key (two labels: service, namespace; lower case) is the `count` bytes at `key`; of
    /// the imported service or the pod, where the label `svc` or `pod` is the third (`ServiceRecords.key`).
    @inlinable public func service(_ key: UnsafeRawPointer, _ count: Int) -> ServiceBlock? {
        let code = hash.hash(key, count)
        let shard = ServiceShard(base: table(IndexView.serviceShards &+ Int(truncatingIfNeeded: code &>> 56)))
        let found = shard.find(code) { block($0).hasKey(key, count) }
        return found < 0 ? nil : block(found)
    }

    /// The block at `place`, a value of the tables.
    @inlinable public func block(_ place: Int) -> ServiceBlock {
        let chunk = table(IndexView.firstChunk &+ place / IndexView.chunkSize)
        return ServiceBlock(
            base: chunk.load(fromByteOffset: (place % IndexView.chunkSize) &* 8, as: UnsafeRawPointer.self))
    }

    /// The number of the exposed namespace whose name is the `count` bytes at `name` (lower case), -1 where there is none.
    @inlinable public func namespace(_ name: UnsafeRawPointer, _ count: Int) -> Int {
        NameTable.find(table(IndexView.namespaces), name, count, hash: hash.hash(name, count))
    }

    /// The services that have something at `address`, whether reverse look-ups answer with them (`answersReverse`) or not:
    /// values for `ReverseMatch`, those of services whose own address it is first.
    @inlinable public func reverse(_ address: AddressKey) -> AddressMatches {
        let code = hash.hash(address)
        return AddressMatches(
            table(IndexView.reverseShards &+ Int(truncatingIfNeeded: code &>> 56)), address, hash: code)
    }

    /// How many pods of namespace number `namespace` have `address`: several do where they share their node's.
    @inlinable public func podCount(_ address: AddressKey, namespace: Int) -> Int {
        let code = hash.hash(address)
        var matches = AddressMatches(
            table(IndexView.podShards &+ Int(truncatingIfNeeded: code &>> 56)), address, hash: code)
        var count = 0
        while true {
            let found = matches.next()
            if found < 0 { return count }
            if found == namespace { count &+= 1 }
        }
    }
}

/// A value of the reverse table: whether an address is a service's own or an endpoint's, and the place of the block.
public struct ReverseMatch {
    @usableFromInline let value: Int

    @inlinable public init(_ value: Int) { self.value = value }

    @inlinable public var isClusterAddress: Bool { value & 1 != 0 }
    @inlinable public var place: Int { value &>> 1 }

    static func value(place: Int, isClusterAddress: Bool) -> UInt32 {
        UInt32(truncatingIfNeeded: place << 1 | (isClusterAddress ? 1 : 0))
    }
}
