// SAFETY of every load below: the builder wrote the block.

/// The rows that a further name of endpoints stands for (`endpoint_aliases`).
public struct AliasRows {
    /// Where their numbers stand, in the order of rows and then, where there are several, in that of addresses.
    @usableFromInline let offset: Int
    public let count: Int

    @inlinable init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }
}

extension ServiceBlock {
    @inlinable public var hasAliases: Bool { has(Flag.aliases) }

    /// Offset of the name, offset of the rows' numbers, and how many there are, 4 bytes each.
    @inlinable static var aliasEntrySize: Int { 12 }

    /// The rows of the alias that equals the one at `wanted` (length byte in front, lower case); nil where there is none, as
    /// for labels that are no other endpoint's alias.
    @inlinable public func findAlias(_ wanted: UnsafeRawPointer) -> AliasRows? {
        guard hasAliases else { return nil }
        let aliases = long(field(Field.extraOffset) &+ 16)
        var low = 0
        var high = long(aliases)
        while low < high {
            let middle = (low &+ high) / 2
            let entry = aliases &+ 4 &+ middle &* ServiceBlock.aliasEntrySize
            let order = ServiceBlock.compareLabels(base + long(entry), wanted)
            if order == 0 { return AliasRows(offset: long(entry &+ 4), count: long(entry &+ 8)) }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return nil
    }

    /// Row number `index` of an alias; ascending.
    @inlinable public func row(_ index: Int, of alias: AliasRows) -> RowView { row(number(alias.offset, index)) }

    /// Row number `index` of an alias when its rows are ordered by address.
    @inlinable public func rowByAddress(_ index: Int, of alias: AliasRows) -> RowView {
        row(number(alias.offset, alias.count > 1 ? alias.count &+ index : index))
    }
}
