import DNSWire
import LinuxIO
import PluginKit

/// Address records that stand behind each other in a message and differ in nothing but TTL and address: their owner is the same
/// pointer. They can change places byte by byte: no pointer leads into their data, and one to an owner finds the same there.
struct AddressRun {
    /// Where the first record begins.
    private(set) var start = 0
    private(set) var count = 0
    private var type = RecordType.a
    private var owner: UInt16 = 0

    /// Bytes of a record before its address: the pointer, type, class, TTL and data length.
    private static var headLength: Int { 12 }

    private var addressLength: Int { type == .a ? 4 : 16 }
    private var recordLength: Int { Self.headLength &+ addressLength }

    /// Takes the next address record of a section, which always counts; false where it does not fit to those before.
    mutating func extend(_ record: RecordWalk.Record, _ base: UnsafeMutableRawPointer) -> Bool {
        // SAFETY: the walk has checked that the record lies within the message.
        let pointer = Header.field(base, record.start)
        defer { count &+= 1 }
        if count == 0 {
            start = record.start
            type = record.type
            owner = pointer
        }
        return pointer >= 0xC000 && pointer == owner && record.fixed &- record.start == 2 && record.type == type
            && record.dataLength == addressLength && record.start == start &+ count &* recordLength
    }

    /// Lets two records change places.
    func swap(_ left: Int, _ right: Int, _ base: UnsafeMutableRawPointer) {
        // SAFETY: both are below `count`, so that the bytes are those of records of the message.
        let one = base + start + left &* recordLength
        let other = base + start + right &* recordLength
        var offset = 0
        while offset < recordLength {
            // Records have 16 or 28 bytes: a multiple of four.
            let kept = one.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            one.storeBytes(
                of: other.loadUnaligned(fromByteOffset: offset, as: UInt32.self), toByteOffset: offset, as: UInt32.self)
            other.storeBytes(of: kept, toByteOffset: offset, as: UInt32.self)
            offset &+= 4
        }
    }

    /// Brings the records into another order: every one is as likely.
    func shuffle(_ random: inout FastRandom, _ base: UnsafeMutableRawPointer) {
        var place = count
        while place > 1 {
            let other = Int(random.below(UInt32(truncatingIfNeeded: place)))
            place &-= 1
            if other != place { swap(place, other, base) }
        }
    }

    /// The address of a record.
    func address(_ place: Int, _ base: UnsafeMutableRawPointer) -> SocketAddress {
        // SAFETY: see `swap`.
        let address = base + start + place &* recordLength + Self.headLength
        if type == .a {
            return SocketAddress(ipv4: UInt32(bigEndian: address.loadUnaligned(as: UInt32.self)), port: 0)
        }
        return SocketAddress(
            high: UInt64(bigEndian: address.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: 0)
    }
}
