/// One shard of a table from addresses to 32-bit values, several of which may stand for one address: open addressing over
/// raw memory, built once.
///
/// `@unchecked Sendable`: written by `init` only.
public final class AddressTable: @unchecked Sendable {
    /// The mask, then `mask + 1` addresses of 16 bytes, then as many values of 4 bytes.
    @usableFromInline let base: UnsafeRawPointer
    public let size: Int

    /// Marks an entry that is free: no value is this large.
    @usableFromInline static var free: UInt32 { .max }

    /// - Parameter entries: addresses with their hashes and values, in the order in which look-ups are to find them.
    init(_ entries: [(key: AddressKey, hash: UInt64, value: UInt32)]) {
        var capacity = 4
        while capacity * 3 < entries.count * 4 { capacity *= 2 }
        size = 8 + capacity * 20
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        // SAFETY: all stores lie within `size`.
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
        memory.storeBytes(of: UInt64(capacity - 1), as: UInt64.self)
        let values = 8 + capacity * 16
        for entry in entries {
            var place = Int(truncatingIfNeeded: entry.hash) & (capacity - 1)
            while memory.load(fromByteOffset: values + place * 4, as: UInt32.self) != AddressTable.free {
                place = (place + 1) & (capacity - 1)
            }
            memory.storeBytes(of: entry.key.high, toByteOffset: 8 + place * 16, as: UInt64.self)
            memory.storeBytes(of: entry.key.low, toByteOffset: 16 + place * 16, as: UInt64.self)
            memory.storeBytes(of: entry.value, toByteOffset: values + place * 4, as: UInt32.self)
        }
        base = UnsafeRawPointer(memory)
    }

    deinit { base.deallocate() }
}

/// Walks the values that an `AddressTable` has for one address.
public struct AddressMatches {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let key: AddressKey
    @usableFromInline let mask: Int
    @usableFromInline var place: Int

    @inlinable init(_ base: UnsafeRawPointer, _ key: AddressKey, hash: UInt64) {
        self.base = base
        self.key = key
        // SAFETY: `base` is a table written by `AddressTable.init`.
        mask = Int(truncatingIfNeeded: base.load(as: UInt64.self))
        place = Int(truncatingIfNeeded: hash) & mask
    }

    /// The next value, -1 behind the last one.
    @inlinable public mutating func next() -> Int {
        while true {
            // SAFETY: the table always has free entries, so the walk ends.
            let value = base.load(fromByteOffset: 8 &+ (mask &+ 1) &* 16 &+ place &* 4, as: UInt32.self)
            if value == AddressTable.free { return -1 }
            let entry = base + 8 + place &* 16
            let matches =
                entry.load(as: UInt64.self) == key.high && entry.load(fromByteOffset: 8, as: UInt64.self) == key.low
            place = (place &+ 1) & mask
            if matches { return Int(value) }
        }
    }
}
