/// Numbers that nobody else can foresee, from the kernel's entropy, which is fetched for many of them at once. Belongs to one
/// thread.
package struct UnguessableNumbers {
    /// Bytes fetched at once: as many as getrandom(2) always gives whole.
    private static let batch = 256

    private var bytes = [UInt8](repeating: 0, count: batch)
    private var used = batch
    /// Where the kernel has no entropy to give, which it has no reason for.
    private var fallback = SystemRandomNumberGenerator()

    package init() {}

    /// A number of 16 bits.
    package mutating func next() -> UInt16 {
        if used + 2 > Self.batch { refill() }
        defer { used += 2 }
        return UInt16(bytes[used]) << 8 | UInt16(bytes[used + 1])
    }

    /// A number below `bound`, which is above 0: no more uneven than one in 65,536 for each of them.
    package mutating func below(_ bound: Int) -> Int { Int(next()) % max(1, bound) }

    private mutating func refill() {
        used = 0
        do throws(SystemError) {
            var failure: SystemError?
            bytes.withUnsafeMutableBytes { buffer in
                do throws(SystemError) {
                    try RandomSeed.fill(buffer)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            for place in bytes.indices { bytes[place] = UInt8(truncatingIfNeeded: fallback.next()) }
        }
    }
}
