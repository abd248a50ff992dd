extension ResponseWriter {
    /// Length of the OPT record of a response, in bytes: no options are ever sent with it.
    @inlinable public static var optLength: Int { 11 }

    /// The UDP size that responses announce in their OPT record: what avoids fragments on any path (DNS flag day 2020).
    @inlinable public static var announcedUDPSize: UInt16 { 1232 }

    /// Writes the OPT record (if the request had one) and the header's flags and counts.
    ///
    /// - Parameters:
    ///   - request: the request being answered; its id, opcode, RD and CD stand in the response as they came.
    ///   - code: the response code; its upper eight bits go into the OPT record.
    ///   - flags: `Header.authoritative` and `Header.recursionAvailable` as they apply.
    ///   - udpSize: the UDP size to announce, in bytes.
    /// - Returns: the length of the response in bytes.
    public mutating func finish(
        _ request: borrowing Request, code: ResponseCode, flags: UInt16, udpSize: UInt16 = announcedUDPSize
    ) -> Int {
        if request.hasEDNS {
            // RFC 6891, section 6.1.1: an OPT in the request asks for one in the response. DO is copied (RFC 3225, section 3).
            // SAFETY: `limit` left these bytes free when the request has EDNS.
            put8(0)
            put16(RecordType.opt.rawValue)
            put16(udpSize)
            put8(UInt8(truncatingIfNeeded: code.rawValue >> 4))
            put8(0)
            put16(request.dnssecOK ? 0x8000 : 0)
            put16(0)
            additionalCount &+= 1
        }
        let kept = request.flags & (Header.opcodeMask | Header.recursionDesired | Header.checkingDisabled)
        let header =
            Header.response | kept | flags | (isTruncated ? Header.truncated : 0)
            | (code.rawValue & Header.responseCodeMask)
        store(header, at: Header.flagsOffset)
        store(request.nameLength > 0 ? 1 : 0, at: Header.questionCountOffset)
        store(answerCount, at: Header.answerCountOffset)
        store(authorityCount, at: Header.authorityCountOffset)
        store(additionalCount, at: Header.additionalCountOffset)
        return position
    }

    @inline(__always)
    private func store(_ value: UInt16, at offset: Int) {
        // SAFETY: the offsets are those of the header, which every message has.
        base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}
