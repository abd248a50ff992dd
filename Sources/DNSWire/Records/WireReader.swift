/// Reads fields one after the other from a part of a message, in network order. Every read checks what is left first.
struct WireReader {
    /// The whole message, which pointers may lead into.
    let message: UnsafeRawBufferPointer
    /// Where the next field begins, from the start of the message.
    private(set) var position: Int
    /// Where the part ends; at most the length of the message.
    let end: Int
    /// What to throw when the part ends too early: the message, or the data of a record.
    let shortage: WireError
    /// Whether names may be compressed here.
    var acceptsPointers = true

    /// A reader of `position..<end`; bounds that the message does not have make every read throw.
    init(message: UnsafeRawBufferPointer, position: Int, end: Int, shortage: WireError = .truncated) {
        self.message = message
        self.end = min(max(end, 0), message.count)
        self.position = position < 0 ? self.end : min(position, self.end)
        self.shortage = shortage
    }

    /// Octets up to the end of the part.
    var remaining: Int { end - position }

    mutating func readUInt8() throws(WireError) -> UInt8 {
        guard remaining >= 1 else { throw shortage }
        // SAFETY: 0 <= position < end <= message.count.
        let value = message[position]
        position += 1
        return value
    }

    mutating func readUInt16() throws(WireError) -> UInt16 {
        guard remaining >= 2 else { throw shortage }
        // SAFETY: 0 <= position and position + 2 <= end <= message.count.
        let value = message.loadUnaligned(fromByteOffset: position, as: UInt16.self)
        position += 2
        return UInt16(bigEndian: value)
    }

    mutating func readUInt32() throws(WireError) -> UInt32 {
        guard remaining >= 4 else { throw shortage }
        // SAFETY: 0 <= position and position + 4 <= end <= message.count.
        let value = message.loadUnaligned(fromByteOffset: position, as: UInt32.self)
        position += 4
        return UInt32(bigEndian: value)
    }

    mutating func readUInt64() throws(WireError) -> UInt64 {
        let high = try readUInt32()
        return UInt64(high) << 32 | UInt64(try readUInt32())
    }

    /// The next `count` octets.
    mutating func readOctets(_ count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw shortage }
        // SAFETY: 0 <= position and position + count <= end <= message.count.
        let octets = [UInt8](UnsafeRawBufferPointer(rebasing: message[position..<(position + count)]))
        position += count
        return octets
    }

    /// Passes over octets, at most up to the end of the part.
    mutating func skip(_ count: Int) { position += min(max(count, 0), remaining) }

    /// All octets up to the end of the part.
    mutating func readRest() throws(WireError) -> [UInt8] { try readOctets(remaining) }

    /// A length octet and that many octets (RFC 1035, section 3.3).
    mutating func readCharacterString() throws(WireError) -> [UInt8] {
        let length = Int(try readUInt8())
        return try readOctets(length)
    }

    /// A name, whose pointers may lead out of the part, but whose octets here must lie within it.
    mutating func readName() throws(WireError) -> DomainName {
        var after = position
        let name = try DomainName.read(from: message, at: &after)
        guard after <= end else { throw shortage }
        // A pointer has two octets and stands for one or for three and more: with pointers the lengths are never equal.
        guard acceptsPointers || after - position == name.wire.count else { throw .badPointer }
        position = after
        return name
    }
}
