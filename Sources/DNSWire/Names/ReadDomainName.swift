/// Domain names in messages (RFC 1035, section 4.1.4).
extension DomainName {
    /// The name that begins at `offset` of a message, its compression pointers followed; `offset` moves behind what stands there
    /// (behind the first pointer, if there is one) and stays where it is when an error is thrown.
    ///
    /// A pointer must lead to a place strictly before the portion it ends: the starts of the portions only ever decrease, so there
    /// is no loop. More than `mostPointers` of them are refused, so that a message cannot make each of its names slow to read.
    package static func read(
        from message: UnsafeRawBufferPointer, at offset: inout Int
    ) throws(WireError) -> DomainName {
        var end = 0
        var portion = offset
        var position = offset
        var pointers = 0
        var wire: [UInt8] = []
        wire.reserveCapacity(usualLength)
        guard position >= 0 else { throw .truncated }
        while true {
            guard position < message.count else { throw .truncated }
            // SAFETY: 0 <= position < message.count, checked at the start and by the line above; positions only ever come from
            // `offset`, from a target that is checked to be less, or from steps forward.
            let octet = message[position]
            switch octet & 0xC0 {
            case 0x00:
                let length = Int(octet)
                guard message.count - position > length else { throw .truncated }
                guard wire.count + 1 + length <= longest else { throw .nameTooLong }
                // SAFETY: position + length < message.count by the guard two lines above.
                wire.append(contentsOf: UnsafeRawBufferPointer(rebasing: message[position...(position + length)]))
                position += 1 + length
                guard length == 0 else { continue }
                offset = pointers > 0 ? end : position
                return DomainName(checked: wire)
            case 0xC0:
                guard message.count - position > 1 else { throw .truncated }
                // SAFETY: position + 1 < message.count by the line above.
                let target = Int(octet & 0x3F) << 8 | Int(message[position + 1])
                guard target < portion else { throw .badPointer }
                guard pointers < mostPointers else { throw .badPointer }
                if pointers == 0 { end = position + 2 }
                pointers += 1
                portion = target
                position = target
            default:
                // RFC 1035, section 4.1.4 reserves 10 and 01; RFC 6891, section 5 gave up the extended label types of 01.
                throw .badLabelType
            }
        }
    }

    /// Most pointers of a name: one behind each of the 127 labels that fit into 255 octets.
    private static var mostPointers: Int { 127 }

    /// Octets set aside for a name before it is known: most names of a cluster fit.
    private static var usualLength: Int { 64 }
}
