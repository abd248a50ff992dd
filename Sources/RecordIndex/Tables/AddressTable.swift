/// One shard of a table from addresses to 31-bit values, several of which may stand for one address: open addressing over
/// raw memory, built once. IPv4 addresses, which are nearly all, take eight bytes with their value.
///
/// `@unchecked Sendable`: written by `init` only.
public final class AddressTable: @unchecked Sendable {
    /// Two capacities of 4 bytes; then for each IPv4 place the address and the value, 4 bytes each; then for each other
    /// place the address, 16 bytes; then their values; then the lists of those addresses that have several values, each with
    /// its length in front, 4 bytes each.
    @usableFromInline let base: UnsafeRawPointer
    public let size: Int

    /// An address that has a value; some have several.
    typealias Entry = (key: AddressKey, hash: UInt64, value: UInt32)

    /// How often a value is to be added for an address, or, where it is negative, taken away.
    struct Edit {
        var key: AddressKey
        var value: UInt32
        var count: Int
    }

    /// Marks an entry that is free: no value and no list is this large.
    @usableFromInline static var free: UInt32 { .max }
    /// Marks a value that is the number of bytes from the table's begin to a list, in fours.
    @inlinable static var listFlag: UInt32 { 0x8000_0000 }
    @inlinable static var head: Int { 8 }
    @inlinable static var shortEntry: Int { 8 }
    @inlinable static var longKey: Int { 16 }

    /// - Parameter entries: addresses with their hashes and values. Look-ups find odd values first, which
    ///   `ReverseMatch.isClusterAddress` asks for, and otherwise keep the order.
    init(_ entries: [Entry]) {
        let lists = AddressLists(entries)
        let shortCapacity = Self.capacity(lists.shortCount)
        let longCapacity = Self.capacity(lists.firsts.count - lists.shortCount)
        let keys = Self.head + shortCapacity * Self.shortEntry
        let values = keys + longCapacity * Self.longKey
        var list = values + longCapacity * 4
        size = list + lists.listWords * 4
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        // SAFETY: all stores lie within `size`: `AddressLists` has counted the addresses and what their lists take.
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
        memory.storeBytes(of: UInt32(clamping: shortCapacity), as: UInt32.self)
        memory.storeBytes(of: UInt32(clamping: longCapacity), toByteOffset: 4, as: UInt32.self)
        for first in lists.firsts {
            let entry = entries[first]
            var value = entry.value
            let all = lists.values(from: first, of: entries)
            if all.count > 1 {
                value = Self.listFlag | UInt32(truncatingIfNeeded: list / 4)
                memory.storeBytes(of: UInt32(clamping: all.count), toByteOffset: list, as: UInt32.self)
                for (place, value) in all.enumerated() {
                    memory.storeBytes(of: value, toByteOffset: list + 4 + place * 4, as: UInt32.self)
                }
                list += 4 + all.count * 4
            }
            if entry.key.isIPv4 {
                let place = Self.freePlace(memory + (Self.head + 4), Self.shortEntry, entry.hash, shortCapacity)
                let offset = Self.head + place * Self.shortEntry
                memory.storeBytes(of: entry.key.ipv4, toByteOffset: offset, as: UInt32.self)
                memory.storeBytes(of: value, toByteOffset: offset + 4, as: UInt32.self)
            } else {
                let place = Self.freePlace(memory + values, 4, entry.hash, longCapacity)
                memory.storeBytes(of: entry.key.high, toByteOffset: keys + place * Self.longKey, as: UInt64.self)
                memory.storeBytes(of: entry.key.low, toByteOffset: keys + place * Self.longKey + 8, as: UInt64.self)
                memory.storeBytes(of: value, toByteOffset: values + place * 4, as: UInt32.self)
            }
        }
        base = UnsafeRawPointer(memory)
    }

    /// The first free place for a hash among values that are `stride` bytes apart.
    private static func freePlace(
        _ values: UnsafeMutableRawPointer, _ stride: Int, _ hash: UInt64, _ capacity: Int
    ) -> Int {
        var place = home(hash, capacity)
        // SAFETY: the table has free places, whose values lie within it.
        while values.load(fromByteOffset: place * stride, as: UInt32.self) != free {
            place = place + 1 == capacity ? 0 : place + 1
        }
        return place
    }

    /// A table that says what `old` does, but for `edits`.
    convenience init(_ old: AddressTable, edits: [Edit], hash: SeededHash) {
        var entries: [Entry] = []
        var removals = AddressRemovals(edits)
        old.forEach { key, value in
            if !removals.take(key, value) { entries.append((key, hash.hash(key), value)) }
        }
        for edit in edits where edit.count > 0 {
            for _ in 0..<edit.count { entries.append((edit.key, hash.hash(edit.key), edit.value)) }
        }
        self.init(entries)
    }

    deinit { base.deallocate() }

    /// Calls `body` with all addresses and values, those of one address in the order in which look-ups find them.
    func forEach(_ body: (AddressKey, UInt32) -> Void) {
        // SAFETY: `init` wrote the table.
        let shortCapacity = Int(base.load(as: UInt32.self))
        let longCapacity = Int(base.load(fromByteOffset: 4, as: UInt32.self))
        let keys = Self.head + shortCapacity * Self.shortEntry
        let values = keys + longCapacity * Self.longKey
        for place in 0..<shortCapacity {
            let offset = Self.head + place * Self.shortEntry
            guard base.load(fromByteOffset: offset + 4, as: UInt32.self) != Self.free else { continue }
            let key = AddressKey(ipv4: base.load(fromByteOffset: offset, as: UInt32.self))
            forEachValue(at: offset + 4) { body(key, $0) }
        }
        for place in 0..<longCapacity {
            guard base.load(fromByteOffset: values + place * 4, as: UInt32.self) != Self.free else { continue }
            let offset = keys + place * Self.longKey
            let key = AddressKey(
                high: base.load(fromByteOffset: offset, as: UInt64.self),
                low: base.load(fromByteOffset: offset + 8, as: UInt64.self))
            forEachValue(at: values + place * 4) { body(key, $0) }
        }
    }

    private func forEachValue(at offset: Int, _ body: (UInt32) -> Void) {
        var matches = AddressMatches(values: base + offset, in: base)
        while true {
            let value = matches.next()
            if value < 0 { return }
            body(UInt32(truncatingIfNeeded: value))
        }
    }

    /// At most three quarters full, and never quite: probes stay short, and end.
    private static func capacity(_ count: Int) -> Int { count + count / 3 + 1 }

    /// Where the probe for a hash begins. The top byte has chosen the shard already.
    @inlinable static func home(_ hash: UInt64, _ capacity: Int) -> Int {
        // Shifts bind more tightly than products in Swift.
        Int(truncatingIfNeeded: ((hash & 0xFFFF_FFFF) &* UInt64(truncatingIfNeeded: capacity)) &>> 32)
    }
}
