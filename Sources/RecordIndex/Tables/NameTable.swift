import DNSWire

/// One shard of a table from short byte strings to 32-bit values: open addressing over raw memory, built once.
///
/// `@unchecked Sendable`: written by `init` only.
public final class NameTable: @unchecked Sendable {
    /// `mask + 1` entries of 16 bytes (hash, value, offset and length of the key), then the keys.
    @usableFromInline let base: UnsafeRawPointer
    package let size: Int

    /// Marks an entry that is free: no value is this large.
    @usableFromInline static var free: UInt32 { .max }

    /// - Parameter entries: keys with their hashes and values; every key once, every value below `UInt32.max`.
    package init(_ entries: [(key: [UInt8], hash: UInt64, value: UInt32)]) {
        var capacity = 4
        // At most three quarters full: probes stay short.
        while capacity * 3 < entries.count * 4 { capacity *= 2 }
        let keyBytes = entries.reduce(0) { $0 + $1.key.count }
        let head = 8 + capacity * 16
        size = head + keyBytes
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        // SAFETY: all stores lie within `size`: `capacity` entries behind the 8 bytes of the mask, then the keys.
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
        memory.storeBytes(of: UInt64(capacity - 1), as: UInt64.self)
        var keyOffset = head
        for entry in entries {
            var place = Int(truncatingIfNeeded: entry.hash) & (capacity - 1)
            while memory.load(fromByteOffset: 8 + place * 16 + 4, as: UInt32.self) != NameTable.free {
                place = (place + 1) & (capacity - 1)
            }
            let offset = 8 + place * 16
            memory.storeBytes(of: UInt32(truncatingIfNeeded: entry.hash >> 32), toByteOffset: offset, as: UInt32.self)
            memory.storeBytes(of: entry.value, toByteOffset: offset + 4, as: UInt32.self)
            memory.storeBytes(of: UInt32(clamping: keyOffset), toByteOffset: offset + 8, as: UInt32.self)
            memory.storeBytes(of: UInt32(clamping: entry.key.count), toByteOffset: offset + 12, as: UInt32.self)
            entry.key.withUnsafeBytes { source in
                if let start = source.baseAddress {
                    (memory + keyOffset).copyMemory(from: start, byteCount: source.count)
                }
            }
            keyOffset += entry.key.count
        }
        base = UnsafeRawPointer(memory)
    }

    deinit { base.deallocate() }

    /// What to look keys up through: valid for as long as the table is kept.
    package var view: NameTableView { NameTableView(base: base) }

    /// Calls `body` with all keys and values, in no order.
    func forEach(_ body: (UnsafeRawBufferPointer, UInt32) -> Void) {
        // SAFETY: `init` wrote the table.
        let capacity = Int(truncatingIfNeeded: base.load(as: UInt64.self)) + 1
        for place in 0..<capacity {
            let entry = base + 8 + place * 16
            let value = entry.load(fromByteOffset: 4, as: UInt32.self)
            guard value != NameTable.free else { continue }
            let start = base + Int(entry.load(fromByteOffset: 8, as: UInt32.self))
            let count = Int(entry.load(fromByteOffset: 12, as: UInt32.self))
            body(UnsafeRawBufferPointer(start: start, count: count), value)
        }
    }

    /// The value of the key of `count` bytes at `key` in the table at `base`, -1 where there is none.
    @inlinable static func find(
        _ base: UnsafeRawPointer, _ key: UnsafeRawPointer, _ count: Int, hash: UInt64
    ) -> Int {
        // SAFETY: `base` is a table written by `init`; it always has free entries, so the probe ends.
        let mask = Int(truncatingIfNeeded: base.load(as: UInt64.self))
        let fingerprint = UInt32(truncatingIfNeeded: hash &>> 32)
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = base + 8 + place &* 16
            let value = entry.load(fromByteOffset: 4, as: UInt32.self)
            if value == free { return -1 }
            if entry.load(as: UInt32.self) == fingerprint,
                Int(entry.load(fromByteOffset: 12, as: UInt32.self)) == count,
                equalBytes(base + Int(entry.load(fromByteOffset: 8, as: UInt32.self)), key, count)
            {
                return Int(value)
            }
            place = (place &+ 1) & mask
        }
    }
}

/// The reading side of a `NameTable`, which counts no references.
package struct NameTableView {
    private let base: UnsafeRawPointer

    init(base: UnsafeRawPointer) { self.base = base }

    /// The value of the key of `count` bytes at `key`, -1 where there is none.
    ///
    /// - Parameter hash: by the hash that the table was made with.
    package func find(_ key: UnsafeRawPointer, _ count: Int, hash: UInt64) -> Int {
        NameTable.find(base, key, count, hash: hash)
    }
}
