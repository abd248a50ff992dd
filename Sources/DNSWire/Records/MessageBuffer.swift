/// Where a message is written: a view of somebody else's memory, which must outlive it. Offset 0 is the start of the message,
/// so that offsets are what compression pointers count.
///
/// Every append either happens in full or throws `WireError.noSpace` and changes nothing.
package struct MessageBuffer {
    /// The memory, all of it initialised up to `position`.
    private let storage: UnsafeMutableRawBufferPointer
    /// Where the next octet goes: 0 to `limit`.
    package private(set) var position: Int
    /// Octets the message may have: at most those of the memory, and 65,535 (the length field over TCP, RFC 1035, section 4.2.2).
    package let limit: Int

    /// Most octets of a message.
    package static var longest: Int { 65_535 }

    /// Writes into `storage` from `position` on; what lies before (the header and the question, say) must be initialised. A
    /// position or limit outside the memory is brought back to it.
    package init(_ storage: UnsafeMutableRawBufferPointer, position: Int = 0, limit: Int = MessageBuffer.longest) {
        self.storage = storage
        self.limit = min(max(limit, 0), storage.count, Self.longest)
        self.position = min(max(position, 0), self.limit)
    }

    /// Octets that still fit.
    package var remaining: Int { limit - position }

    /// What has been written, from the start of the message.
    package var written: UnsafeRawBufferPointer {
        // SAFETY: position <= limit <= storage.count.
        UnsafeRawBufferPointer(rebasing: storage[..<position])
    }

    /// The octet at an offset, or nothing if none was written there.
    package func octet(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < position else { return nil }
        // SAFETY: 0 <= offset < position <= storage.count.
        return storage[offset]
    }

    /// Forgets everything from `mark` on. A mark that lies ahead changes nothing.
    package mutating func roll(back mark: Int) {
        position = min(position, max(mark, 0))
    }

    package mutating func append(_ value: UInt8) throws(WireError) {
        guard remaining >= 1 else { throw .noSpace }
        // SAFETY: position + 1 <= limit <= storage.count.
        storage[position] = value
        position += 1
    }

    /// Appends two octets, the higher one first.
    package mutating func append(_ value: UInt16) throws(WireError) {
        guard remaining >= 2 else { throw .noSpace }
        // SAFETY: position + 2 <= limit <= storage.count.
        storage.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt16.self)
        position += 2
    }

    /// Appends four octets, the highest one first.
    package mutating func append(_ value: UInt32) throws(WireError) {
        guard remaining >= 4 else { throw .noSpace }
        // SAFETY: position + 4 <= limit <= storage.count.
        storage.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt32.self)
        position += 4
    }

    /// Appends eight octets, the highest one first.
    package mutating func append(_ value: UInt64) throws(WireError) {
        guard remaining >= 8 else { throw .noSpace }
        // SAFETY: position + 8 <= limit <= storage.count.
        storage.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt64.self)
        position += 8
    }

    /// Appends octets as they are.
    package mutating func append(_ octets: some Collection<UInt8>) throws(WireError) {
        let count = octets.count
        guard count <= remaining else { throw .noSpace }
        // SAFETY: position + count <= limit <= storage.count; copyBytes writes no more than the slice holds.
        UnsafeMutableRawBufferPointer(rebasing: storage[position..<(position + count)]).copyBytes(from: octets)
        position += count
    }

    /// Puts the number of octets behind the two at `mark` into those two; throws `badRecordLength` if it does not fit.
    mutating func closeLength(at mark: Int) throws(WireError) {
        guard mark >= 0, position - mark >= 2, let length = UInt16(exactly: position - mark - 2) else {
            throw .badRecordLength
        }
        // SAFETY: 0 <= mark and mark + 2 <= position <= storage.count.
        storage.storeBytes(of: length.bigEndian, toByteOffset: mark, as: UInt16.self)
    }
}
