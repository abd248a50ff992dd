/// Walks the values that an `AddressTable` has for one address.
public struct AddressMatches {
    /// Where the next value stands.
    @usableFromInline var values: UnsafeRawPointer
    @usableFromInline var left: Int

    @inlinable init(_ base: UnsafeRawPointer, _ key: AddressKey, hash: UInt64) {
        // SAFETY of the loads: `base` is a table written by `AddressTable.init`; it always has free entries, so the probe
        // ends.
        let shortCapacity = Int(base.load(as: UInt32.self))
        let found: UnsafeRawPointer?
        if key.isIPv4 {
            found = AddressMatches.find(base + AddressTable.head, key.ipv4, hash, shortCapacity)
        } else {
            found = AddressMatches.find(
                base + (AddressTable.head &+ shortCapacity &* AddressTable.shortEntry), key, hash,
                Int(base.load(fromByteOffset: 4, as: UInt32.self)))
        }
        self.init(values: found, in: base)
    }

    /// - Parameter values: where an address's value stands in the table at `base`; nil: it has none.
    @inlinable init(values: UnsafeRawPointer?, in base: UnsafeRawPointer) {
        guard let values else {
            self.values = base
            left = 0
            return
        }
        // SAFETY: lists lie within the table, each behind its length.
        let value = values.load(as: UInt32.self)
        if value & AddressTable.listFlag == 0 {
            self.values = values
            left = 1
        } else {
            let list = base + Int(value & ~AddressTable.listFlag) &* 4
            self.values = list + 4
            left = Int(list.load(as: UInt32.self))
        }
    }

    /// The next value, -1 behind the last one.
    @inlinable public mutating func next() -> Int {
        if left == 0 { return -1 }
        // SAFETY: `left` values follow.
        let value = values.load(as: UInt32.self)
        values += 4
        left &-= 1
        return Int(value)
    }

    /// The value of an IPv4 address.
    @inlinable static func find(
        _ entries: UnsafeRawPointer, _ key: UInt32, _ hash: UInt64, _ capacity: Int
    ) -> UnsafeRawPointer? {
        var place = AddressTable.home(hash, capacity)
        while true {
            let entry = entries + place &* AddressTable.shortEntry
            if entry.load(fromByteOffset: 4, as: UInt32.self) == AddressTable.free { return nil }
            if entry.load(as: UInt32.self) == key { return entry + 4 }
            place &+= 1
            if place == capacity { place = 0 }
        }
    }

    /// The value of any other address.
    @inlinable static func find(
        _ entries: UnsafeRawPointer, _ key: AddressKey, _ hash: UInt64, _ capacity: Int
    ) -> UnsafeRawPointer? {
        let values = entries + capacity &* AddressTable.longKey
        var place = AddressTable.home(hash, capacity)
        while true {
            let value = values + place &* 4
            if value.load(as: UInt32.self) == AddressTable.free { return nil }
            let entry = entries + place &* AddressTable.longKey
            if entry.load(as: UInt64.self) == key.high, entry.load(fromByteOffset: 8, as: UInt64.self) == key.low {
                return value
            }
            place &+= 1
            if place == capacity { place = 0 }
        }
    }
}
