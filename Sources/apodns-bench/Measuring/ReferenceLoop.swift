/// Work that is always the same, to measure other times by: then a slower machine, or one that others use too, is slower in both.
enum ReferenceLoop {
    /// Bytes of a step.
    private static let size = 256

    /// Nanoseconds of a step, the least of several rounds.
    static func nanoseconds(rounds: Int) -> Double {
        let bytes = [UInt8](repeating: 0x5A, count: size)
        var sum: UInt64 = 1
        let cost = Cost.measure(count: 2000, passes: 5, rounds: rounds, nil) { sum = step(bytes, sum &+ UInt64($0)) }
        // Something has to depend on the outcome, or the compiler leaves the work out.
        return sum == 0 ? 0 : max(cost.least, 1)
    }

    /// One FNV-1a hash: one multiplication after the other, which no compiler does at once.
    @inline(never)
    private static func step(_ bytes: [UInt8], _ seed: UInt64) -> UInt64 {
        var hash = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
