/// Writes names with pointers to names already in the message (RFC 1035, section 4.1.4).
///
/// It remembers where labels begin, nothing else, in a table of fixed size: what a pointer would mean is read from the message
/// itself, so a rolled-back message cannot leave a wrong pointer behind. Suffixes match whatever their case, and the case that
/// the message has first is what a reader will see (RFC 4343, section 4.1).
package struct NameCompressor {
    /// Offsets of labels that a pointer can reach, ascending; the first `count` are in use.
    private var offsets = InlineArray<32, UInt16>(repeating: 0)
    private var count = 0

    /// Labels that are remembered. A search compares with each of them, so the table is small: the names of one answer have few
    /// suffixes in common, and those come first.
    package static var capacity: Int { 32 }
    /// The highest offset that the 14 bits of a pointer can name (RFC 1035, section 4.1.4).
    package static var highestOffset: Int { 0x3FFF }

    /// A compressor that knows no name yet.
    package init() {}

    /// Makes a name that is already in the message, such as that of the question, a target of pointers.
    package mutating func register(nameAt offset: Int, in buffer: MessageBuffer) {
        forget(from: buffer.position)
        var position = offset
        while let length = buffer.octet(at: position), (1...63).contains(length) {
            remember(position)
            position += 1 + Int(length)
        }
    }

    /// Appends a name, compressed if `compressing`, and remembers its labels in that case. A name written in full is never a
    /// target: it may stand in data that others do not decompress.
    package mutating func write(
        _ name: DomainName, compressing: Bool, to buffer: inout MessageBuffer
    ) throws(WireError) {
        guard compressing else {
            try buffer.append(name.wire)
            return
        }
        forget(from: buffer.position)
        let start = buffer.position
        var own = 0
        var target: UInt16?
        // The longest suffix that is there already: the first one found from the left.
        while own < name.wire.count - 1 {
            target = offset(ofSuffix: name.wire[own...], in: buffer)
            if target != nil { break }
            own += 1 + Int(name.wire[own])
        }
        do throws(WireError) {
            try buffer.append(name.wire[..<own])
            if let target { try buffer.append(0xC000 | target) } else { try buffer.append(UInt8(0)) }
        } catch {
            buffer.roll(back: start)
            throw error
        }
        var label = 0
        while label < own {
            remember(start + label)
            label += 1 + Int(name.wire[label])
        }
    }

    /// Where in the message a suffix stands, if it is remembered.
    private func offset(ofSuffix suffix: ArraySlice<UInt8>, in buffer: MessageBuffer) -> UInt16? {
        for index in 0..<count where Self.matches(suffix, at: Int(offsets[index]), in: buffer) {
            return offsets[index]
        }
        return nil
    }

    /// Whether the name at an offset of the message is `suffix`, whatever the case. Pointers are followed only backwards, so this
    /// ends whatever the message holds.
    private static func matches(_ suffix: ArraySlice<UInt8>, at offset: Int, in buffer: MessageBuffer) -> Bool {
        var position = offset
        var index = suffix.startIndex
        while index < suffix.endIndex {
            guard let octet = buffer.octet(at: position) else { return false }
            if octet >= 0xC0 {
                guard let low = buffer.octet(at: position + 1) else { return false }
                let target = Int(octet & 0x3F) << 8 | Int(low)
                guard target < position else { return false }
                position = target
                continue
            }
            guard octet == suffix[index] else { return false }
            // The suffix is well formed: its length octet is followed by that many octets, and the last one is the root label.
            for step in 0..<Int(octet) {
                guard let there = buffer.octet(at: position + 1 + step),
                    DomainName.folded(there) == DomainName.folded(suffix[index + 1 + step])
                else { return false }
            }
            position += 1 + Int(octet)
            index += 1 + Int(octet)
        }
        return true
    }

    private mutating func remember(_ offset: Int) {
        guard count < Self.capacity, offset >= 0, offset <= Self.highestOffset else { return }
        offsets[count] = UInt16(truncatingIfNeeded: offset)
        count += 1
    }

    /// Drops what was rolled back, to have the places in the table again.
    private mutating func forget(from position: Int) {
        while count > 0, Int(offsets[count - 1]) >= position { count -= 1 }
    }
}
