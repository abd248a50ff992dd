/// The bytes of a block on their way.
struct BlockBytes {
    private(set) var all: [UInt8] = []
    /// Whether numbers take four bytes.
    var isWide = false

    var count: Int { all.count }

    mutating func reserveCapacity(_ count: Int) { all.reserveCapacity(count) }
    mutating func append(_ byte: UInt8) { all.append(byte) }
    mutating func append(contentsOf bytes: some Collection<UInt8>) { all.append(contentsOf: bytes) }
    mutating func removeLast(_ count: Int) { all.removeLast(count) }
    mutating func set(_ field: Int, byte: UInt8) { all[field] = byte }

    mutating func put(_ addresses: [UInt32]) {
        fill(addresses.count * 4) { memory in
            // SAFETY: four bytes for each address.
            for (place, address) in addresses.enumerated() {
                (memory + place * 4).storeBytes(of: address.bigEndian, as: UInt32.self)
            }
        }
    }

    mutating func put(_ addresses: [AddressKey]) {
        fill(addresses.count * 16) { memory in
            // SAFETY: sixteen bytes for each address.
            for (place, address) in addresses.enumerated() {
                (memory + place * 16).storeBytes(of: address.high.bigEndian, as: UInt64.self)
                (memory + place * 16).storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }

    /// Appends numbers as `ServiceBlock.number` reads them.
    mutating func putNumbers(_ numbers: [UInt32]) {
        let isWide = isWide
        fill(numbers.count * (isWide ? 4 : 2)) { memory in
            // SAFETY: four or two bytes for each number.
            if isWide {
                for (place, number) in numbers.enumerated() {
                    (memory + place * 4).storeBytes(of: number, as: UInt32.self)
                }
            } else {
                for (place, number) in numbers.enumerated() {
                    (memory + place * 2).storeBytes(of: UInt16(truncatingIfNeeded: number), as: UInt16.self)
                }
            }
        }
    }

    /// Appends `texts`, and then offset and length of each.
    ///
    /// - Returns: where these begin.
    mutating func putTexts(_ texts: [[UInt8]]) -> Int {
        var entries: [(Int, Int)] = []
        for text in texts {
            entries.append((all.count, text.count))
            all += text
        }
        let start = all.count
        for (offset, count) in entries {
            append32(offset)
            append32(count)
        }
        return start
    }

    /// Appends `count` bytes, which `body` is to write.
    mutating func fill(_ count: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
        let start = all.count
        all.append(contentsOf: repeatElement(0, count: count))
        all.withUnsafeMutableBytes { bytes in
            // SAFETY: `count` bytes from `start` on were just appended.
            if count > 0, let base = bytes.baseAddress { body(base + start) }
        }
    }

    // SAFETY of the functions below: the bytes of a number are copied while the closure runs.

    mutating func append16(_ value: UInt16) { withUnsafeBytes(of: value) { all += $0 } }
    mutating func append32(_ value: UInt32) { withUnsafeBytes(of: value) { all += $0 } }
    mutating func append32(_ value: Int) { append32(UInt32(clamping: value)) }

    mutating func set(_ field: Int, count: Int) { set(field, UInt32(clamping: count)) }

    mutating func set(_ field: Int, _ value: UInt32) {
        withUnsafeBytes(of: value) { source in
            for (index, byte) in source.enumerated() { all[field + index] = byte }
        }
    }

    mutating func setShort(_ field: Int, _ value: UInt16) {
        withUnsafeBytes(of: value) { source in
            for (index, byte) in source.enumerated() { all[field + index] = byte }
        }
    }
}
