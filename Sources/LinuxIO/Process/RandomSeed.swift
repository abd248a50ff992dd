import CLinux

/// Entropy of the kernel (getrandom(2)).
package enum RandomSeed {
    /// Fills the buffer. Throws the error of getrandom, which a kernel since 3.17 has no reason to give.
    package static func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(SystemError) {
        _ = try SystemError.check(clinux_entropy(bytes.baseAddress, bytes.count), "getrandom")
    }

    /// 64 bits.
    package static func word() throws(SystemError) -> UInt64 {
        var word: UInt64 = 0
        // SAFETY: as many bytes are asked for as the number has.
        let result = withUnsafeMutableBytes(of: &word) { clinux_entropy($0.baseAddress, $0.count) }
        _ = try SystemError.check(result, "getrandom")
        return word
    }
}
