/// Packs an object into bytes. Numbers stand with their most significant byte first, texts behind their length.
struct PackedWriter {
    /// What was packed so far.
    private(set) var bytes: [UInt8] = []

    /// Longest text that is kept: the length takes two bytes.
    static let longestText = 0xFFFF

    mutating func put(_ byte: UInt8) { bytes.append(byte) }

    mutating func put(_ number: UInt32) {
        // SAFETY: the bytes of a number are copied while the closure runs.
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ number: UInt64) {
        put(UInt32(truncatingIfNeeded: number >> 32))
        put(UInt32(truncatingIfNeeded: number))
    }

    /// A number of elements; more than fit are not to be put.
    mutating func put(count: Int) {
        bytes.append(UInt8(truncatingIfNeeded: count >> 8))
        bytes.append(UInt8(truncatingIfNeeded: count))
    }

    mutating func put(text: some Collection<UInt8>) {
        let length = min(text.count, Self.longestText)
        put(count: length)
        bytes.append(contentsOf: text.prefix(length))
    }

    mutating func put(text: String) { put(text: text.utf8) }

    mutating func put(labels: [String: String]) {
        // In an order of their own: equal objects are equal bytes.
        let sorted = labels.sorted { $0.key < $1.key }.prefix(Self.longestText)
        put(count: sorted.count)
        for (name, value) in sorted {
            put(text: name)
            put(text: value)
        }
    }

    /// Forgets everything but the memory.
    mutating func clear() { bytes.removeAll(keepingCapacity: true) }
}
