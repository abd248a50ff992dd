/// A small fast generator (xoshiro256++ of Blackman and Vigna), one value per worker.
///
/// For shuffling and sampling. Not for what an attacker must not guess, such as message identifiers or ports.
package struct FastRandom: RandomNumberGenerator, Sendable, BitwiseCopyable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// A generator whose numbers follow from `seed`.
    package init(seed: UInt64) {
        // SplitMix64, as its authors advise, so that seeds that are alike give states that are not, and never all zero.
        var word = seed
        func next() -> UInt64 {
            word &+= 0x9e37_79b9_7f4a_7c15
            var mixed = word
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
        state = (next(), next(), next(), next())
    }

    /// A generator in a given state, which must not be all zero.
    init(state: (UInt64, UInt64, UInt64, UInt64)) {
        self.state = state
    }

    /// A generator with a seed of the kernel.
    package init() throws(SystemError) {
        self.init(seed: try RandomSeed.word())
    }

    /// 64 bits.
    package mutating func next() -> UInt64 {
        let result = Self.rotate(state.0 &+ state.3, 23) &+ state.0
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotate(state.3, 45)
        return result
    }

    /// A number below `bound`, 0 when `bound` is 0: a multiplication instead of a division (Lemire), whose bias of at most
    /// bound / 2^32 does not matter for rotating answers.
    package mutating func below(_ bound: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }
}
