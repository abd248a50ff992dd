import DNSWire

/// Writes records behind what an exchange has, with compressed names. For answers that are made of `ResourceRecord`s: it allocates.
package struct RecordWriter {
    private var compressor = NameCompressor()
    /// Where the data of the last record begin.
    package private(set) var dataStart = 0

    /// A writer for records that follow what has been written so far.
    package init(_ exchange: UnsafeMutablePointer<Exchange>) {
        let writer = exchange.pointee.writer
        let buffer = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: max(writer.limit, writer.position)),
            position: writer.position)
        // Names are shown in the case that the question has: only one in lower case stands for what plugins write. The
        // compressor does not look at the case.
        let name = exchange.pointee.name
        let length = exchange.pointee.request.nameLength
        if length > 0, equalBytes(writer.base + Header.length, name.bytes, length) {
            compressor.register(nameAt: Header.length, in: buffer)
        }
    }

    /// Writes and counts the two sections behind the answer, as far as they fit: without all of its authority section the response
    /// is cut.
    package mutating func write(
        authority: [ResourceRecord], additional: [ResourceRecord], _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        for record in authority {
            guard write(record, exchange) else {
                exchange.pointee.writer.isTruncated = true
                return
            }
            exchange.pointee.writer.authorityCount &+= 1
        }
        for record in additional {
            // RFC 2181, section 9: what is additional may be left out.
            guard write(record, exchange) else { return }
            exchange.pointee.writer.additionalCount &+= 1
        }
    }

    /// Writes a record; false, and nothing written, where it does not fit. The caller counts it.
    package mutating func write(_ record: ResourceRecord, _ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let writer = exchange.pointee.writer
        // SAFETY: the limit is at most the capacity of the message's memory.
        var buffer = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: writer.limit), position: writer.position)
        do throws(WireError) {
            try RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
        } catch {
            return false
        }
        var walk = RecordWalk(message: buffer.written, offset: writer.position, remaining: 1)
        dataStart = walk.next()?.data ?? 0
        exchange.pointee.writer.position = buffer.position
        return true
    }
}
