import DNSWire

extension Exchange {
    /// The code of the option (RFC 8914, section 2).
    private static var extendedErrorOption: UInt16 { 15 }
    /// Option code, option length, information code; no text is sent.
    private static var extendedErrorLength: Int { 6 }

    /// Puts `extendedError` into the finished response's OPT record, which is its last. Where the query had none, neither
    /// had the response: CoreDNS adds one all the same, as do we, though RFC 6891 (section 6.1.1) says not to.
    @inline(never)
    mutating func addExtendedError() {
        let added = Exchange.extendedErrorLength + (request.hasEDNS ? 0 : ResponseWriter.optLength)
        guard writer.hasRoom(added) else { return }
        if !request.hasEDNS {
            writer.put8(0)
            writer.put16(RecordType.opt.rawValue)
            writer.put16(ResponseWriter.announcedUDPSize)
            // No upper bits of the code, version 0, no flags.
            writer.put32(0)
            writer.put16(0)
            writer.additionalCount &+= 1
            // SAFETY: every message has a header.
            writer.base.storeBytes(
                of: writer.additionalCount.bigEndian, toByteOffset: Header.additionalCountOffset, as: UInt16.self)
        }
        // What `attach` put into the record stands before this.
        let before = request.hasEDNS ? options.count : 0
        // SAFETY: the OPT record has just been written: the length of its data, then the options.
        writer.base.storeBytes(
            of: UInt16(truncatingIfNeeded: before + Exchange.extendedErrorLength).bigEndian,
            toByteOffset: writer.position - before - 2, as: UInt16.self)
        writer.put16(Exchange.extendedErrorOption)
        writer.put16(2)
        writer.put16(extendedError)
        responseLength = writer.position
        // A response that is taken apart and finished again (`rewrite`) has it among its options by then.
        extendedError = Exchange.noExtendedError
    }
}
