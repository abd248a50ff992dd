import DNSWire

/// A port within a block.
public struct PortView {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let offset: Int

    /// number (4), name offset (4), name length (1), transport length (1), zone (2); the transport follows the name.
    @inlinable static var size: Int { 12 }

    @inlinable init(base: UnsafeRawPointer, offset: Int) {
        self.base = base
        self.offset = offset
    }

    /// The port number, -1 where a service or slice has no ports.
    @inlinable public var number: Int32 { base.loadUnaligned(fromByteOffset: offset, as: Int32.self) }

    /// In the merged ports of a label: the topology zone of the rows that have the port.
    @inlinable public var zone: Int { Int(base.loadUnaligned(fromByteOffset: offset &+ 10, as: UInt16.self)) }

    /// Whether the port's name is the `count` bytes at `wanted`; no bytes match every port (CoreDNS's rule).
    @inlinable public func isNamed(_ wanted: UnsafeRawPointer, _ count: Int) -> Bool {
        if count == 0 { return true }
        guard Int(base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt8.self)) == count else { return false }
        return equalBytes(base + Int(base.loadUnaligned(fromByteOffset: offset &+ 4, as: UInt32.self)), wanted, count)
    }

    /// Whether the port's transport is the `count` bytes at `wanted`; no bytes match every port (CoreDNS's rule).
    @inlinable public func hasTransport(_ wanted: UnsafeRawPointer, _ count: Int) -> Bool {
        if count == 0 { return true }
        guard Int(base.loadUnaligned(fromByteOffset: offset &+ 9, as: UInt8.self)) == count else { return false }
        let name = Int(base.loadUnaligned(fromByteOffset: offset &+ 4, as: UInt32.self))
        let nameLength = Int(base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt8.self))
        return equalBytes(base + (name &+ nameLength), wanted, count)
    }
}
