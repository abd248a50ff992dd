// SAFETY of every load below: the builder wrote the block.

extension ServiceBlock {
    @inlinable public var rowCount: Int { field(Field.rowCount) }

    /// A row takes two numbers: its place, and the number of its attributes.
    @inlinable public func row(_ index: Int) -> RowView {
        let rows = field(Field.rowOffset)
        return RowView(
            block: self, number: index, place: number(rows, index &* 2), attributes: number(rows, index &* 2 &+ 1))
    }

    /// Where the rows' order by address begins.
    @inlinable var orderOffset: Int { field(Field.rowOffset) &+ size(ofNumbers: rowCount &* 2) }

    /// The row that comes at place `place` when rows are ordered by address; rows of one address are neighbours.
    @inlinable public func rowByAddress(_ place: Int) -> Int { number(orderOffset, place) }

    /// The place, in the order by address, of the first row at `address`; -1 where there is none.
    @inlinable public func firstPlace(of address: AddressKey) -> Int {
        let wanted = poolPlace(of: address)
        // Without an address that several rows have, and without names, that is the place.
        if wanted < 0 || rowCount == poolIPv4Count &+ poolIPv6Count { return wanted }
        var low = 0
        var high = rowCount
        while low < high {
            let middle = (low &+ high) / 2
            if row(rowByAddress(middle)).place < wanted { low = middle &+ 1 } else { high = middle }
        }
        return low < rowCount && row(rowByAddress(low)).place == wanted ? low : -1
    }

    /// What the rows at `address` have as their place; -1 where the pools lack it.
    @inlinable func poolPlace(of address: AddressKey) -> Int {
        var low = 0
        var high = address.isIPv4 ? poolIPv4Count : poolIPv6Count
        while low < high {
            let middle = (low &+ high) / 2
            let found = address.isIPv4 ? ipv4(middle) : ipv6(middle)
            if found == address { return address.isIPv4 ? middle : poolIPv4Count &+ middle }
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
}
