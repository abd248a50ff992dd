/// One shard of a table from addresses to 32-bit values, several of which may stand for one address: open addressing over
/// raw memory, built once. IPv4 addresses, which are nearly all, take eight bytes with their value.
///
/// `@unchecked Sendable`: written by `init` only.
public final class AddressTable: @unchecked Sendable {
    /// Two capacities of 4 bytes; then for each IPv4 place the address and the value, 4 bytes each; then for each other
    /// place the address, 16 bytes; then their values.
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

    /// Marks an entry that is free: no value is this large.
    @usableFromInline static var free: UInt32 { .max }
    @inlinable static var head: Int { 8 }
    @inlinable static var shortEntry: Int { 8 }
    @inlinable static var longKey: Int { 16 }

    /// - Parameter entries: addresses with their hashes and values, in the order in which look-ups are to find them.
    init(_ entries: [Entry]) {
        let short = entries.reduce(0) { $0 + ($1.key.isIPv4 ? 1 : 0) }
        let shortCapacity = Self.capacity(short)
        let longCapacity = Self.capacity(entries.count - short)
        let keys = Self.head + shortCapacity * Self.shortEntry
        let values = keys + longCapacity * Self.longKey
        size = values + longCapacity * 4
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        // SAFETY: all stores lie within `size`.
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: size)
        memory.storeBytes(of: UInt32(clamping: shortCapacity), as: UInt32.self)
        memory.storeBytes(of: UInt32(clamping: longCapacity), toByteOffset: 4, as: UInt32.self)
        for entry in entries {
            if entry.key.isIPv4 {
                var place = Self.home(entry.hash, shortCapacity)
                while memory.load(fromByteOffset: Self.head + place * Self.shortEntry + 4, as: UInt32.self) != Self.free
                {
                    place = place + 1 == shortCapacity ? 0 : place + 1
                }
                let offset = Self.head + place * Self.shortEntry
                memory.storeBytes(of: entry.key.ipv4, toByteOffset: offset, as: UInt32.self)
                memory.storeBytes(of: entry.value, toByteOffset: offset + 4, as: UInt32.self)
            } else {
                var place = Self.home(entry.hash, longCapacity)
                while memory.load(fromByteOffset: values + place * 4, as: UInt32.self) != Self.free {
                    place = place + 1 == longCapacity ? 0 : place + 1
                }
                memory.storeBytes(of: entry.key.high, toByteOffset: keys + place * Self.longKey, as: UInt64.self)
                memory.storeBytes(of: entry.key.low, toByteOffset: keys + place * Self.longKey + 8, as: UInt64.self)
                memory.storeBytes(of: entry.value, toByteOffset: values + place * 4, as: UInt32.self)
            }
        }
        base = UnsafeRawPointer(memory)
    }

    /// A table that says what `old` does, but for `edits`.
    convenience init(_ old: AddressTable, edits: [Edit], hash: SeededHash) {
        var entries: [Entry] = []
        var removals = edits.filter { $0.count < 0 }
        old.forEach { key, value in
            if !removals.isEmpty, let place = removals.firstIndex(where: { $0.value == value && $0.key == key }) {
                removals[place].count += 1
                if removals[place].count == 0 { removals.remove(at: place) }
            } else {
                entries.append((key, hash.hash(key), value))
            }
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
        walk(shortCapacity, values: Self.head + 4, stride: Self.shortEntry) { place, value in
            let offset = Self.head + place * Self.shortEntry
            body(AddressKey(ipv4: base.load(fromByteOffset: offset, as: UInt32.self)), value)
        }
        walk(longCapacity, values: values, stride: 4) { place, value in
            let offset = keys + place * Self.longKey
            body(
                AddressKey(
                    high: base.load(fromByteOffset: offset, as: UInt64.self),
                    low: base.load(fromByteOffset: offset + 8, as: UInt64.self)), value)
        }
    }

    /// Begins behind a free place, so that no run of neighbours is cut in two.
    private func walk(_ capacity: Int, values: Int, stride: Int, _ body: (Int, UInt32) -> Void) {
        func value(_ place: Int) -> UInt32 { base.load(fromByteOffset: values + place * stride, as: UInt32.self) }
        guard let start = (0..<capacity).first(where: { value($0) == Self.free }) else { return }
        for step in 1..<max(2, capacity) {
            let place = (start + step) % capacity
            let found = value(place)
            if found != Self.free { body(place, found) }
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

/// Walks the values that an `AddressTable` has for one address.
public struct AddressMatches {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let key: AddressKey
    @usableFromInline let capacity: Int
    @usableFromInline var place: Int

    @inlinable init(_ base: UnsafeRawPointer, _ key: AddressKey, hash: UInt64) {
        self.key = key
        // SAFETY: `base` is a table written by `AddressTable.init`.
        let shortCapacity = Int(base.load(as: UInt32.self))
        if key.isIPv4 {
            self.base = base + AddressTable.head
            capacity = shortCapacity
        } else {
            self.base = base + (AddressTable.head &+ shortCapacity &* AddressTable.shortEntry)
            capacity = Int(base.load(fromByteOffset: 4, as: UInt32.self))
        }
        place = AddressTable.home(hash, capacity)
    }

    /// The next value, -1 behind the last one.
    @inlinable public mutating func next() -> Int { key.isIPv4 ? nextShort() : nextLong() }

    @inlinable mutating func nextShort() -> Int {
        while true {
            // SAFETY: the table always has free entries, so the walk ends.
            let entry = base + place &* AddressTable.shortEntry
            let value = entry.load(fromByteOffset: 4, as: UInt32.self)
            if value == AddressTable.free { return -1 }
            let matches = entry.load(as: UInt32.self) == key.ipv4
            advance()
            if matches { return Int(value) }
        }
    }

    @inlinable mutating func nextLong() -> Int {
        while true {
            // SAFETY: the table always has free entries, so the walk ends.
            let value = base.load(fromByteOffset: capacity &* AddressTable.longKey &+ place &* 4, as: UInt32.self)
            if value == AddressTable.free { return -1 }
            let entry = base + place &* AddressTable.longKey
            let matches =
                entry.load(as: UInt64.self) == key.high && entry.load(fromByteOffset: 8, as: UInt64.self) == key.low
            advance()
            if matches { return Int(value) }
        }
    }

    @inlinable mutating func advance() {
        place &+= 1
        if place == capacity { place = 0 }
    }
}
