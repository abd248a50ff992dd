/// The question's name, lower-cased, with the offsets of its labels: the key of every look-up. The memory belongs to the
/// worker and is written anew for each request.
public struct QuestionName {
    /// The name in wire form, lower-cased, root label included: at most 255 bytes (RFC 1035, section 2.3.4).
    public let bytes: UnsafeMutablePointer<UInt8>
    /// `labels[i]` is the offset within `bytes` of label `i` (its length byte); one more entry gives the root label's.
    public let labels: UnsafeMutablePointer<UInt8>

    /// Longest name on the wire (RFC 1035, section 2.3.4).
    @inlinable public static var longest: Int { 255 }
    /// Longest label (RFC 1035, section 2.3.4).
    @inlinable public static var longestLabel: Int { 63 }
    /// Most labels that fit into `longest` bytes: 127 of one byte each.
    @inlinable public static var mostLabels: Int { 127 }

    /// Takes memory, which `deallocate` gives back.
    public init() {
        bytes = .allocate(capacity: 256)
        bytes.initialize(repeating: 0, count: 256)
        labels = .allocate(capacity: 129)
        labels.initialize(repeating: 0, count: 129)
    }

    /// Gives the memory back; the value must not be used afterwards.
    public func deallocate() {
        bytes.deallocate()
        labels.deallocate()
    }

    /// Offset of label `index` within `bytes`.
    @inlinable public func offset(ofLabel index: Int) -> Int { Int(labels[index]) }
}

extension QuestionName {
    /// Copies the name in wire form at `source` (at most `count` bytes) in lower case, and notes its labels.
    ///
    /// - Returns: its length in bytes and number of labels; nil where it is not a complete name without pointers.
    public func copy(_ source: UnsafeRawPointer, _ count: Int) -> (length: Int, labelCount: Int)? {
        var offset = 0
        var found = 0
        let octets = source.assumingMemoryBound(to: UInt8.self)
        // SAFETY: reads stay below `count`, writes below `longest`, and labels below `mostLabels`.
        while offset < count, offset < QuestionName.longest, found <= QuestionName.mostLabels {
            let labelLength = Int(octets[offset])
            labels[found] = UInt8(truncatingIfNeeded: offset)
            bytes[offset] = octets[offset]
            if labelLength == 0 { return (offset &+ 1, found) }
            guard labelLength <= QuestionName.longestLabel,
                offset &+ labelLength &+ 1 < min(count, QuestionName.longest)
            else { return nil }
            for index in 1...labelLength {
                let octet = octets[offset &+ index]
                bytes[offset &+ index] = octet &- 0x41 < 26 ? octet | 0x20 : octet
            }
            offset &+= labelLength &+ 1
            found &+= 1
        }
        return nil
    }
}
