import DNSWire

/// Owns the bytes of one compiled service block.
///
/// `@unchecked Sendable`: the bytes are written once, by `init`, and only read afterwards.
public final class ServiceBlockMemory: @unchecked Sendable {
    @usableFromInline let base: UnsafeRawPointer

    /// - Parameter bytes: a whole block, at least its header.
    init(copying bytes: [UInt8]) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(bytes.count, ServiceBlock.Field.size), alignment: 8)
        // SAFETY: the allocation has room for all of `bytes`, and for a header.
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { memory.copyMemory(from: start, byteCount: source.count) }
        }
        memory.storeBytes(
            of: UInt32(clamping: bytes.count), toByteOffset: ServiceBlock.Field.blockSize, as: UInt32.self)
        base = UnsafeRawPointer(memory)
    }

    deinit { base.deallocate() }

    /// The block itself: valid for as long as this object is.
    @inlinable public var block: ServiceBlock { ServiceBlock(base: base) }

    /// Size of the block in bytes.
    package var size: Int { block.field(ServiceBlock.Field.blockSize) }

    /// Whether two blocks say the same: then there is nothing to publish.
    func isEqual(to other: ServiceBlockMemory) -> Bool {
        size == other.size && equalBytes(base, other.base, size)
    }
}
