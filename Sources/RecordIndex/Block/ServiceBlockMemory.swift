import DNSWire

/// Owns the bytes of one compiled service block.
///
/// `@unchecked Sendable`: the bytes are written once, by `init`, and only read afterwards.
public final class ServiceBlockMemory: @unchecked Sendable {
    @usableFromInline let base: UnsafeRawPointer
    /// Size of the block in bytes.
    public let size: Int

    init(copying bytes: [UInt8]) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 8)
        // SAFETY: the allocation has room for all of `bytes`.
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { memory.copyMemory(from: start, byteCount: source.count) }
        }
        base = UnsafeRawPointer(memory)
        size = bytes.count
    }

    deinit { base.deallocate() }

    /// The block itself: valid for as long as this object is.
    @inlinable public var block: ServiceBlock { ServiceBlock(base: base) }

    /// Whether two blocks say the same: then there is nothing to publish.
    func isEqual(to other: ServiceBlockMemory) -> Bool {
        size == other.size && equalBytes(base, other.base, size)
    }
}
