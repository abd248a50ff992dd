/// Writes a response over its own request: header and question stay where they are, records follow them. Every write
/// checks the room first and reports whether it fitted; a section is cut by going back to a `Mark`.
///
/// The memory belongs to the caller, who keeps it for as long as the writer is used.
public struct ResponseWriter {
    /// Start of the message.
    public let base: UnsafeMutableRawPointer
    /// Offset at which the next byte goes.
    public var position: Int
    /// First offset that must not be written: the client's limit, less the room kept for OPT.
    public var limit: Int
    public var answerCount: UInt16 = 0
    public var authorityCount: UInt16 = 0
    public var additionalCount: UInt16 = 0
    /// Set where a record of the answer section did not fit (RFC 2181, section 9).
    public var isTruncated = false

    /// A place to go back to: the position and the counts at one moment.
    public struct Mark {
        @usableFromInline let position: Int
        @usableFromInline let answerCount: UInt16
        @usableFromInline let authorityCount: UInt16
        @usableFromInline let additionalCount: UInt16

        @usableFromInline init(_ writer: borrowing ResponseWriter) {
            position = writer.position
            answerCount = writer.answerCount
            authorityCount = writer.authorityCount
            additionalCount = writer.additionalCount
        }
    }

    /// - Parameters:
    ///   - base: start of the message, of at least `limit` bytes.
    ///   - position: offset behind the question.
    ///   - limit: first offset that must not be written.
    @inlinable public init(base: UnsafeMutableRawPointer, position: Int, limit: Int) {
        self.base = base
        self.position = position
        self.limit = limit
    }

    /// The place to come back to with `roll(back:)`.
    @inlinable public var mark: Mark { Mark(self) }

    /// Forgets everything written since `mark`.
    @inlinable public mutating func roll(back mark: Mark) {
        position = mark.position
        answerCount = mark.answerCount
        authorityCount = mark.authorityCount
        additionalCount = mark.additionalCount
    }

    /// Whether `count` more bytes fit.
    @inlinable public func hasRoom(_ count: Int) -> Bool { position &+ count <= limit }

    // The functions below write without a check: call them behind `hasRoom` with the sum of what they write.
    // SAFETY of all of them: `position + count <= limit` and `limit` bytes belong to the message.

    /// Writes a byte.
    @inlinable public mutating func put8(_ value: UInt8) {
        base.storeBytes(of: value, toByteOffset: position, as: UInt8.self)
        position &+= 1
    }

    /// Writes two bytes in network order.
    @inlinable public mutating func put16(_ value: UInt16) {
        base.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt16.self)
        position &+= 2
    }

    /// Writes four bytes in network order.
    @inlinable public mutating func put32(_ value: UInt32) {
        base.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt32.self)
        position &+= 4
    }

    /// Writes the `count` bytes at `source`.
    @inlinable public mutating func put(_ source: UnsafeRawPointer, _ count: Int) {
        (base + position).copyMemory(from: source, byteCount: count)
        position &+= count
    }

    /// Owner (a compression pointer), type, class IN, TTL and data length: 12 bytes.
    @inlinable public mutating func putRecordHead(owner: UInt16, type: RecordType, ttl: UInt32, dataLength: Int) {
        put16(owner)
        put16(type.rawValue)
        put16(RecordClass.internet.rawValue)
        put32(ttl)
        put16(UInt16(truncatingIfNeeded: dataLength))
    }

    /// Writes an address record of the answer section; false (and nothing written) where it does not fit.
    ///
    /// - Parameters:
    ///   - owner: compression pointer to the owner's name.
    ///   - address: the 4 or 16 bytes of the address in network order.
    ///   - length: 4 for A, 16 for AAAA.
    @inlinable public mutating func answerAddress(
        owner: UInt16, type: RecordType, ttl: UInt32, address: UnsafeRawPointer, length: Int
    ) -> Bool {
        guard hasRoom(12 &+ length) else { return false }
        putRecordHead(owner: owner, type: type, ttl: ttl, dataLength: length)
        put(address, length)
        answerCount &+= 1
        return true
    }

    /// A compression pointer to `offset` (RFC 1035, section 4.1.4). `offset` is below 0x4000.
    @inlinable public static func pointer(to offset: Int) -> UInt16 {
        0xC000 | UInt16(truncatingIfNeeded: offset & 0x3FFF)
    }

    /// Highest offset that a compression pointer can name.
    @inlinable public static var farthestPointer: Int { 0x3FFF }

    /// The pointer to the question's name, which always stands at offset 12: `C0 0C`.
    @inlinable public static var questionPointer: UInt16 { 0xC00C }
}
