import DNSWire

extension Exchange {
    /// Lets the response's OPT record carry options: where the client has EDNS (RFC 6891, section 6.1.1), and there is room.
    ///
    /// - Parameter options: in wire form; the memory stays as it is until the response is finished.
    package mutating func attach(options: UnsafeRawBufferPointer) {
        guard request.hasEDNS, self.options.isEmpty, writer.hasRoom(options.count) else { return }
        writer.limit &-= options.count
        self.options = options
    }

    /// Puts the options behind the OPT record, which is the last one and has none yet.
    @usableFromInline mutating func writeOptions() {
        guard request.hasEDNS, let start = options.baseAddress else { return }
        // SAFETY: `attach` left the room; the two bytes before `responseLength` are the length of the record's data.
        let end = writer.base + responseLength
        end.copyMemory(from: start, byteCount: options.count)
        (end - 2).storeBytes(of: UInt16(truncatingIfNeeded: options.count).bigEndian, as: UInt16.self)
        responseLength &+= options.count
        writer.position = responseLength
    }
}
