/// One shard of the table from services to the places of their blocks: open addressing over raw memory, built once. The keys
/// stand in the blocks, so that the table has no more of them than a part of their hashes.
///
/// `@unchecked Sendable`: written by `init` only.
final class ServiceTable: @unchecked Sendable {
    /// The capacity, 4 bytes; then for each entry the low half of the key's hash and the place of the block, 4 bytes each.
    let base: UnsafeRawPointer
    let size: Int

    /// A service: the low half of its key's hash, and the place of its block.
    typealias Entry = (hash: UInt32, place: UInt32)

    /// What is to be different in a shard.
    struct Edits {
        var added: [Entry] = []
        /// Places whose services are gone. One that is added as well is another service's now.
        var removed: Set<UInt32> = []
    }

    /// - Parameter entries: every service once, every place below `UInt32.max`.
    init(_ entries: [Entry]) {
        // At most three quarters full, and never quite: probes stay short, and end.
        let capacity = entries.count + entries.count / 3 + 1
        size = ServiceShard.head + capacity * ServiceShard.entrySize
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        // SAFETY: all stores lie within `size`: `capacity` entries behind the 4 bytes of the capacity.
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
        memory.storeBytes(of: UInt32(clamping: capacity), as: UInt32.self)
        for entry in entries {
            var place = AddressTable.home(UInt64(entry.hash), capacity)
            var offset = ServiceShard.head + place * ServiceShard.entrySize
            while memory.load(fromByteOffset: offset + 4, as: UInt32.self) != ServiceShard.free {
                place = place + 1 == capacity ? 0 : place + 1
                offset = ServiceShard.head + place * ServiceShard.entrySize
            }
            memory.storeBytes(of: entry.hash, toByteOffset: offset, as: UInt32.self)
            memory.storeBytes(of: entry.place, toByteOffset: offset + 4, as: UInt32.self)
        }
        base = UnsafeRawPointer(memory)
    }

    /// A table that says what `old` does, but for `edits`.
    convenience init(_ old: ServiceTable, edits: Edits) {
        var entries: [Entry] = []
        old.forEach { if !edits.removed.contains($0.place) { entries.append($0) } }
        self.init(entries + edits.added)
    }

    /// Calls `body` with all entries, in no order.
    func forEach(_ body: (Entry) -> Void) {
        // SAFETY: `init` wrote so many entries.
        for place in 0..<Int(base.load(as: UInt32.self)) {
            let entry = base + (ServiceShard.head + place * ServiceShard.entrySize)
            let found = entry.load(fromByteOffset: 4, as: UInt32.self)
            if found != ServiceShard.free { body((entry.load(as: UInt32.self), found)) }
        }
    }

    deinit { base.deallocate() }
}

/// The reading side of a `ServiceTable`, which counts no references.
@usableFromInline struct ServiceShard {
    @usableFromInline let base: UnsafeRawPointer

    @inlinable init(base: UnsafeRawPointer) { self.base = base }

    /// Marks an entry that is free: no value is this large.
    @usableFromInline static var free: UInt32 { .max }
    @inlinable static var head: Int { 4 }
    @inlinable static var entrySize: Int { 8 }

    /// The place of the block with the key of a hash, -1 where there is none.
    ///
    /// - Parameter hasKey: whether the block at a place has the key.
    @inline(__always) @inlinable func find(_ hash: UInt64, _ hasKey: (Int) -> Bool) -> Int {
        // SAFETY: `base` is a table written by `ServiceTable.init`; it always has free entries, so the probe ends.
        let capacity = Int(base.load(as: UInt32.self))
        let wanted = UInt32(truncatingIfNeeded: hash)
        var place = AddressTable.home(hash, capacity)
        while true {
            let entry = base + (ServiceShard.head &+ place &* ServiceShard.entrySize)
            let found = entry.load(fromByteOffset: 4, as: UInt32.self)
            if found == ServiceShard.free { return -1 }
            if entry.load(as: UInt32.self) == wanted, hasKey(Int(found)) { return Int(found) }
            place &+= 1
            if place == capacity { place = 0 }
        }
    }
}
