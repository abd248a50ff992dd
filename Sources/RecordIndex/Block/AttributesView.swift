/// What rows of a block share: all rows with the same port group, zone, multiplicity and flags point at one of these.
public struct AttributesView {
    @usableFromInline let base: UnsafeRawPointer

    /// Port group, zone, multiplicity and flags, 2 bytes each, and the number of rows, 4 bytes.
    @inlinable static var size: Int { 12 }

    @inlinable init(base: UnsafeRawPointer) { self.base = base }

    // SAFETY of the loads below: the builder wrote the block.

    @inlinable func short(_ offset: Int) -> Int { Int(base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }

    @inlinable public var portGroup: Int { short(0) }
    /// 0 where the endpoints have no topology zone.
    @inlinable public var zone: Int { short(2) }
    /// How many equal endpoints each row stands for.
    @inlinable public var multiplicity: Int { short(4) }
    /// Whether the labels are the pods' own hostnames.
    @inlinable public var isHostname: Bool { short(6) & 1 != 0 }
    /// How many of the rows stand for addresses.
    @inlinable public var addressCount: Int { Int(base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }
}

extension ServiceBlock {
    /// Number of combinations of attributes, of which there are few, whatever the number of rows.
    @inlinable public var attributesCount: Int {
        // The label runs follow the attributes.
        (field(Field.runOffset) &- field(Field.attributeOffset)) / AttributesView.size
    }

    @inlinable public func attributes(_ index: Int) -> AttributesView {
        AttributesView(base: base + (field(Field.attributeOffset) &+ index &* AttributesView.size))
    }
}
