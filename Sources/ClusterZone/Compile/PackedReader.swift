/// Reads what `PackedWriter` packed. Behind the end there are zeros.
struct PackedReader {
    // SAFETY: valid while the closure runs that the bytes were had in; every access below is within their count.
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset >= bytes.count }

    @inline(__always)
    mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        offset += 1
        return bytes[offset - 1]
    }

    @inline(__always)
    mutating func number32() -> UInt32 {
        guard bytes.count - offset >= 4 else {
            offset = bytes.count
            return 0
        }
        offset += 4
        return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset - 4, as: UInt32.self))
    }

    mutating func number64() -> UInt64 {
        let high = UInt64(number32())
        return high << 32 | UInt64(number32())
    }

    mutating func count() -> Int {
        let high = Int(byte())
        return high << 8 | Int(byte())
    }

    /// The bytes of a text.
    mutating func bytesOfText() -> UnsafeRawBufferPointer {
        let length = min(count(), bytes.count - offset)
        offset += length
        return UnsafeRawBufferPointer(rebasing: bytes[offset - length..<offset])
    }

    mutating func text() -> String { String(decoding: bytesOfText(), as: UTF8.self) }

    /// What was read since `start`.
    func bytes(from start: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[start..<offset]) }

    mutating func labels() -> [String: String] {
        var labels: [String: String] = [:]
        for _ in 0..<count() {
            let name = text()
            labels[name] = text()
        }
        return labels
    }
}
