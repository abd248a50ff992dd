import DNSWire

/// Goes through the records of a message one after the other without reading what is in them. Allocates nothing.
package struct RecordWalk {
    /// One record: places in the message.
    package struct Record {
        /// Where the owner begins.
        package let start: Int
        /// Where the type stands: behind the owner.
        package let fixed: Int
        package let type: RecordType
        /// Where the data begin.
        package let data: Int
        package let dataLength: Int

        @inlinable init(start: Int, fixed: Int, type: RecordType, data: Int, dataLength: Int) {
            self.start = start
            self.fixed = fixed
            self.type = type
            self.data = data
            self.dataLength = dataLength
        }

        /// Where the next record begins.
        @inlinable package var end: Int { data &+ dataLength }
    }

    @usableFromInline let message: UnsafeRawBufferPointer
    /// Where the next record begins.
    @usableFromInline package internal(set) var offset: Int
    @usableFromInline var remaining: Int

    /// - Parameters:
    ///   - offset: where the first record begins.
    ///   - remaining: how many there are.
    @inlinable package init(message: UnsafeRawBufferPointer, offset: Int, remaining: Int) {
        self.message = message
        self.offset = offset
        self.remaining = remaining
    }

    /// The next record; nil behind the last one, and where what follows is none.
    @inlinable package mutating func next() -> Record? {
        guard remaining > 0 else { return nil }
        let start = offset
        guard start >= 0, let fixed = endOfName(start), fixed &+ 10 <= message.count, let base = message.baseAddress
        else {
            return nil
        }
        // SAFETY: the ten bytes behind the owner are within the message.
        let type = RecordType(rawValue: Header.field(base, fixed))
        let dataLength = Int(Header.field(base, fixed &+ 8))
        let data = fixed &+ 10
        guard data &+ dataLength <= message.count else { return nil }
        offset = data &+ dataLength
        remaining &-= 1
        return Record(start: start, fixed: fixed, type: type, data: data, dataLength: dataLength)
    }

    @inlinable func endOfName(_ start: Int) -> Int? {
        var place = start
        while place < message.count {
            let octet = message[place]
            if octet == 0 { return place &+ 1 }
            // RFC 1035, section 4.1.4: a pointer ends a name.
            if octet >= 0xC0 { return place &+ 2 <= message.count ? place &+ 2 : nil }
            guard octet <= 63 else { return nil }
            place &+= Int(octet) &+ 1
        }
        return nil
    }
}
