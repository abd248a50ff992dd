/// A keyed hash over short byte strings. Tenants choose the names of their services, so without a secret they could make
/// every one of them fall into the same bucket; the seed is drawn anew by each process.
public struct SeededHash: Sendable {
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64

    /// - Parameter seed: two words that nobody outside the process knows.
    public init(seed: (UInt64, UInt64)) {
        // Odd multipliers keep every bit of the input alive.
        first = seed.0 | 1
        second = seed.1 | 1
    }

    /// A seed from the system's random number generator.
    public init() {
        var generator = SystemRandomNumberGenerator()
        self.init(seed: (generator.next(), generator.next()))
    }

    /// The hash of `count` bytes at `bytes`.
    @inlinable public func hash(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var state = first ^ UInt64(truncatingIfNeeded: count)
        var offset = 0
        // SAFETY: every load lies within `count`.
        while offset &+ 8 <= count {
            state = mix(state ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset &+= 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while offset < count {
            tail |= UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self)) &<< shift
            shift &+= 8
            offset &+= 1
        }
        return mix(mix(state ^ tail) ^ second)
    }

    /// The hash of `bytes`.
    package func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        // SAFETY: no bytes may have no address, and their hash reads none.
        bytes.baseAddress.map { hash($0, bytes.count) } ?? mix(mix(first) ^ second)
    }

    /// The hash of an address.
    @inlinable public func hash(_ key: AddressKey) -> UInt64 {
        mix(mix(mix(first ^ key.high) ^ key.low) ^ second)
    }

    /// Multiplies to 128 bits and folds the halves, so that every input bit reaches every output bit.
    @inlinable func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ second).multipliedFullWidth(by: first ^ 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
